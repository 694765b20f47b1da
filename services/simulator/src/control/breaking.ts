import { z } from "zod";
import { announceCap, announceLock } from "../announce-limits.ts";
import { endLink } from "../endings.ts";
import { faultSchema } from "../fault-schema.ts";
import { AccountLimits, limitsSchema } from "../limits.ts";
import type { Network } from "../network.ts";
import { behaviourRuleSchema } from "../people/behaviour-rules.ts";
import { Problem } from "./problem.ts";
import { type Route, route } from "./route.ts";
import { phoneNumber } from "./views.ts";

const byId = z.strictObject({ id: z.string() });
const activeFault = z.looseObject({ id: z.string(), kind: z.string(), hits: z.int() }).meta({ id: "ActiveFault" });
const activeRule = z.looseObject({ id: z.string() }).meta({ id: "ActiveRule" });
const limitsInForce = z.object({
  locked_until: z.string().nullable(),
  banned_until: z.string().nullable(),
  new_chats: z.object({ used: z.int(), total: z.int() }).nullable(),
});

/** Rules for many people, faults, and the limits of accounts. */
export function breakingRoutes(network: Network): Route[] {
  return [
    route({
      method: "get",
      path: "/sim/v1/rules",
      summary: "Behaviour rules in force",
      response: z.object({ rules: z.array(activeRule) }),
      handle: () => ({ rules: network.rules.list() }),
    }),
    route({
      method: "post",
      path: "/sim/v1/rules",
      summary: "Give a behaviour to many numbers: by list, prefix, and share",
      status: 201,
      body: behaviourRuleSchema,
      response: activeRule,
      handle: ({ body }) => {
        const rule = network.rules.add(body);
        network.wakePhones();
        return rule;
      },
    }),
    route({
      method: "delete",
      path: "/sim/v1/rules/:id",
      summary: "End one behaviour rule",
      params: byId,
      handle: ({ params }) => {
        if (!network.rules.remove(params.id)) throw new Problem(404, "not_found", `There is no rule ${params.id}.`);
        network.wakePhones();
      },
    }),
    route({
      method: "get",
      path: "/sim/v1/faults",
      summary: "Faults in force",
      response: z.object({ faults: z.array(activeFault) }),
      handle: () => ({ faults: network.faults.list() }),
    }),
    route({
      method: "post",
      path: "/sim/v1/faults",
      summary: "Break something on purpose",
      status: 201,
      body: faultSchema,
      response: activeFault,
      handle: ({ body }) => network.faults.add(body),
    }),
    route({
      method: "delete",
      path: "/sim/v1/faults",
      summary: "End all faults",
      handle: () => network.faults.clear(),
    }),
    route({
      method: "delete",
      path: "/sim/v1/faults/:id",
      summary: "End one fault",
      params: byId,
      handle: ({ params }) => {
        if (!network.faults.remove(params.id)) throw new Problem(404, "not_found", `There is no fault ${params.id}.`);
      },
    }),
    route({
      method: "put",
      path: "/sim/v1/limits/:phone",
      summary: "Set all limits of an account, and tell its devices as the real network does",
      params: z.strictObject({ phone: phoneNumber }),
      body: limitsSchema,
      response: limitsInForce,
      handle: ({ params, body }) => {
        const limits = new AccountLimits(body, network.now().getTime());
        network.limits.set(params.phone, limits);
        announceLock(network, params.phone);
        announceCap(network, params.phone);
        for (const { link } of body.ban ? (network.accounts.tryGet(params.phone)?.companions.values() ?? []) : []) {
          if (link) endLink(link, "failure", { code: Number(body.ban?.code), expireSeconds: body.ban?.for_s });
        }
        return show(limits);
      },
    }),
    route({
      method: "get",
      path: "/sim/v1/limits/:phone",
      summary: "Limits of an account in force, and how much of them is used",
      params: z.strictObject({ phone: phoneNumber }),
      response: limitsInForce,
      handle: ({ params }) => show(network.limits.get(params.phone)),
    }),
  ];
}

function show(limits: AccountLimits | undefined): z.infer<typeof limitsInForce> {
  const moment = (ms: number | undefined): string | null => (ms ? new Date(ms).toISOString() : null);
  const total = limits?.settings.new_chat_cap?.total;
  return {
    locked_until: moment(limits?.lockedUntil),
    banned_until: moment(limits?.bannedUntil),
    new_chats: limits && total !== undefined ? { used: limits.used, total } : null,
  };
}
