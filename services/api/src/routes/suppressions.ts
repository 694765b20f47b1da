import {
  AddedSuppression,
  OptOutConfirmation,
  SuppressionCheck,
  SuppressionCheckResult,
  SuppressionCreate,
  SuppressionDeleteQuery,
  SuppressionListQuery,
  SuppressionPage,
} from "@flotilla/shared/contract/http-suppressions";
import { tryParseAddress } from "@flotilla/shared/domain/address";
import { invalid } from "../domain/field-errors.ts";
import { explainAddress } from "../domain/prepare-message.ts";
import { idCursor } from "../http/id-cursor.ts";
import { answerPage } from "../http/page-answer.ts";
import { defineRoute, type Route } from "../http/route.ts";
import type { Announcer, SuppressionStore } from "../ports.ts";

/** Who is not to be written to: list, add, lift, check; and how a person's stop is answered. */
export function suppressionRoutes(deps: { suppressions: SuppressionStore; announcer: Announcer }): Route[] {
  const { suppressions, announcer } = deps;
  return [
    defineRoute({
      method: "get",
      path: "/v1/suppressions",
      summary: "List who is not to be written to, latest first",
      scope: "consents:read",
      rate: "reads",
      query: SuppressionListQuery,
      answers: { 200: { description: "A page", schema: SuppressionPage } },
      handle: ({ tenant, query }) => answerPage(query, idCursor, (filters) => suppressions.list(tenant.id, filters)),
    }),
    defineRoute({
      method: "post",
      path: "/v1/suppressions",
      summary: "Stop writing to a person: what has not left is canceled, what is sent later is refused",
      scope: "consents:write",
      rate: "writes",
      body: SuppressionCreate,
      answers: {
        201: { description: "Suppressed from here on", schema: AddedSuppression },
        200: { description: "It was so before; whoever added it first is kept", schema: AddedSuppression },
      },
      async handle({ tenant, member, body, requestId }) {
        const address = tryParseAddress(body.address);
        if (address === null)
          throw invalid([{ pointer: "/address", code: "invalid_address", message: explainAddress(body.address) }]);
        const { suppression, added, heads } = await suppressions.add(tenant.id, {
          jid: address.jid,
          phone: address.phone,
          scope: body.scope,
          note: body.note ?? null,
          created_by: member.id,
          request_id: requestId,
        });
        announcer.announce({ heads });
        return { status: added ? 201 : 200, body: suppression };
      },
    }),
    defineRoute({
      method: "post",
      path: "/v1/suppressions/check",
      summary: "Which of up to 1,000 addresses may not be written to; asks nothing of WhatsApp",
      scope: "consents:read",
      rate: "reads",
      body: SuppressionCheck,
      answers: { 200: { description: "One result for each, in the order asked", schema: SuppressionCheckResult } },
      async handle({ tenant, body }) {
        const asked = body.addresses.map((address) => ({ address, jid: tryParseAddress(address)?.jid ?? null }));
        const jids = new Set(asked.flatMap(({ jid }) => (jid === null ? [] : [jid])));
        const found = await suppressions.check(tenant.id, [...jids]);
        const results = asked.map(({ address, jid }) => ({
          address,
          suppressed: jid === null ? null : (found.get(jid) ?? "none"),
        }));
        return { status: 200, body: { results } };
      },
    }),
    defineRoute({
      method: "delete",
      path: "/v1/suppressions/:suppression",
      summary: "Lift a suppression; one that the person's own STOP made takes a written note",
      scope: "consents:write",
      rate: "writes",
      query: SuppressionDeleteQuery,
      answers: { 204: { description: "The person may be written to again" } },
      async handle({ tenant, member, params, query, requestId }) {
        const request = { note: query.note ?? null, by: member.id, requestId };
        const { heads } = await suppressions.remove(tenant.id, params["suppression"]!, request);
        announcer.announce({ heads });
        return { status: 204 };
      },
    }),
    defineRoute({
      method: "get",
      path: "/v1/opt-out-confirmation",
      summary: "How a STOP is answered",
      scope: "consents:read",
      rate: "reads",
      answers: { 200: { description: "The setting", schema: OptOutConfirmation } },
      handle: async ({ tenant }) => ({ status: 200, body: await suppressions.confirmation(tenant.id) }),
    }),
    defineRoute({
      method: "put",
      path: "/v1/opt-out-confirmation",
      summary: "Set whether and with what text a STOP is answered, once",
      scope: "consents:write",
      rate: "writes",
      body: OptOutConfirmation,
      answers: { 200: { description: "The setting", schema: OptOutConfirmation } },
      handle: async ({ tenant, body }) => ({ status: 200, body: await suppressions.setConfirmation(tenant.id, body) }),
    }),
  ];
}
