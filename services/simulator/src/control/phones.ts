import { z } from "zod";
import type { Account } from "../accounts.ts";
import type { Network } from "../network.ts";
import { isSharedChat } from "../envelope.ts";
import { changeBehaviour, changeLid } from "../device-changes.ts";
import { behaviourPatchSchema, behaviourSchema } from "../people/behaviour.ts";
import { personJid } from "../protocol/jid.ts";
import { node } from "../protocol/node.ts";
import { showChatstate } from "../stanzas/presence.ts";
import { Problem } from "./problem.ts";
import { type Route, route } from "./route.ts";
import { chatAddress, phoneNumber, phoneView, showPhone } from "./views.ts";

const byPhone = z.strictObject({ phone: phoneNumber });

/** Phones, and what the people who hold them do. */
export function phoneRoutes(network: Network): Route[] {
  const known = (phone: string): Account => {
    const account = network.accounts.tryGet(phone);
    if (!account) throw new Problem(404, "not_found", `Nobody has met the number ${phone} yet.`);
    return account;
  };
  return [
    route({
      method: "get",
      path: "/sim/v1/phones",
      summary: "Phones that were made or met",
      query: z.strictObject({
        after: z.string().default(""),
        limit: z.coerce.number().int().min(1).max(1000).default(100),
        linked: z.enum(["true", "false"]).optional(),
      }),
      response: z.object({ phones: z.array(phoneView), next: z.string().nullable() }),
      handle: ({ query }) => {
        const wanted = [...network.accounts.all()]
          .filter(({ number }) => number > query.after)
          .filter(({ companions }) => query.linked === undefined || companions.size > 0 === (query.linked === "true"))
          .toSorted((a, b) => (a.number < b.number ? -1 : 1));
        const page = wanted.slice(0, query.limit);
        return {
          phones: page.map((account) => showPhone(network, account)),
          next: wanted.length > page.length ? (page.at(-1)?.number ?? null) : null,
        };
      },
    }),
    route({
      method: "post",
      path: "/sim/v1/phones",
      summary: "Make a phone, or name one and set its behaviour",
      status: 201,
      body: z.strictObject({
        phone: phoneNumber,
        name: z.string().max(100).optional(),
        behaviour: behaviourPatchSchema.default({}),
      }),
      response: phoneView,
      handle: ({ body }) => {
        const account = network.accounts.get(body.phone);
        if (body.name !== undefined) account.name = body.name;
        changeBehaviour(network, body.phone, body.behaviour);
        return showPhone(network, account);
      },
    }),
    route({
      method: "get",
      path: "/sim/v1/phones/:phone",
      summary: "One phone with its linked devices",
      params: byPhone,
      response: phoneView,
      handle: ({ params }) => showPhone(network, known(params.phone)),
    }),
    route({
      method: "delete",
      path: "/sim/v1/phones/:phone",
      summary: "Unlink all devices and forget the number",
      params: byPhone,
      handle: ({ params }) => {
        const account = known(params.phone);
        for (const device of account.companions.keys()) network.unlink(account, device, "removed_by_phone");
        network.accounts.delete(params.phone);
        network.changed(params.phone);
      },
    }),
    route({
      method: "patch",
      path: "/sim/v1/phones/:phone/behaviour",
      summary: "Change how the person behaves",
      params: byPhone,
      body: behaviourPatchSchema,
      response: behaviourSchema,
      handle: ({ params, body }) => {
        changeBehaviour(network, params.phone, body);
        return network.behaviourOf(params.phone);
      },
    }),
    route({
      method: "post",
      path: "/sim/v1/phones/:phone/change-lid",
      summary: "The number gets another hidden id; those who know it are told",
      params: byPhone,
      response: z.object({ lid: z.string() }),
      handle: ({ params }) => ({ lid: changeLid(network, params.phone) }),
    }),
    route({
      method: "post",
      path: "/sim/v1/phones/:phone/forget-sessions",
      summary: "The phone loses its Signal sessions; it has to ask for the next messages again",
      params: byPhone,
      handle: ({ params }) => known(params.phone).phone.signal.forgetSessions(),
    }),
    route({
      method: "post",
      path: "/sim/v1/phones/:phone/typing",
      summary: "The person types, or stops",
      params: byPhone,
      body: z.strictObject({ to: chatAddress, state: z.enum(["composing", "paused"]).default("composing") }),
      handle: ({ params, body }) => {
        showChatstate(network, params.phone, isSharedChat(body.to) ? body.to : personJid(body.to, "pn"), [
          node(body.state),
        ]);
      },
    }),
  ];
}
