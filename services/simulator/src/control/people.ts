import { z } from "zod";
import { setBlocked } from "../blocking.ts";
import type { Call } from "../calls.ts";
import type { Network } from "../network.ts";
import { setPicture } from "../stanzas/iq-profile.ts";
import { Problem } from "./problem.ts";
import { type Route, route } from "./route.ts";
import { phoneNumber, phoneView, showPhone } from "./views.ts";

const byPhone = z.strictObject({ phone: phoneNumber });
const callView = z
  .object({
    id: z.string(),
    from: z.string(),
    to: z.string(),
    video: z.boolean(),
    state: z.enum(["ringing", "rejected", "ended"]),
  })
  .meta({ id: "Call" });

/** What people do beside writing: profile, presence, blocking, calls. */
export function personRoutes(network: Network): Route[] {
  const known = (id: string): Call => {
    const call = network.calls.get(id);
    if (!call) throw new Problem(404, "not_found", `There is no call ${id}.`);
    return call;
  };
  return [
    route({
      method: "patch",
      path: "/sim/v1/phones/:phone/profile",
      summary: "The person changes name, about line or picture; those who know the number are told",
      params: byPhone,
      body: z.strictObject({
        name: z.string().min(1).max(100).optional(),
        about: z.string().max(139).optional(),
        picture: z.union([z.base64().max(1_000_000), z.null()]).optional(),
      }),
      response: phoneView,
      handle: ({ params, body }) => {
        const account = network.accounts.get(params.phone);
        if (body.name !== undefined) account.name = body.name;
        if (body.about !== undefined) account.about = body.about;
        if (body.picture !== undefined) {
          setPicture(network, params.phone, body.picture === null ? undefined : Buffer.from(body.picture, "base64"));
        }
        network.changed(params.phone);
        return showPhone(network, account);
      },
    }),
    route({
      method: "post",
      path: "/sim/v1/phones/:phone/presence",
      summary: "The person opens or leaves the app",
      params: byPhone,
      body: z.strictObject({ available: z.boolean() }),
      handle: ({ params, body }) => {
        network.presence.set(params.phone, body.available, Math.floor(network.now().getTime() / 1000));
      },
    }),
    route({
      method: "post",
      path: "/sim/v1/phones/:phone/block",
      summary: "The person blocks a number, or unblocks it",
      params: byPhone,
      body: z.strictObject({ who: phoneNumber, blocked: z.boolean().default(true) }),
      handle: ({ params, body }) => setBlocked(network, params.phone, body.who, body.blocked),
    }),
    route({
      method: "post",
      path: "/sim/v1/phones/:phone/calls",
      summary: "The person calls a number: its linked devices ring",
      status: 201,
      params: byPhone,
      body: z.strictObject({ to: phoneNumber, video: z.boolean().default(false) }),
      response: callView,
      handle: ({ params, body }) => ({ ...network.calls.offer(network, params.phone, body.to, body.video) }),
    }),
    route({
      method: "get",
      path: "/sim/v1/calls/:id",
      summary: "What became of a call",
      params: z.strictObject({ id: z.string() }),
      response: callView,
      handle: ({ params }) => ({ ...known(params.id) }),
    }),
    route({
      method: "post",
      path: "/sim/v1/calls/:id/end",
      summary: "The caller hangs up, or gives up after a while",
      params: z.strictObject({ id: z.string() }),
      body: z.strictObject({ reason: z.enum(["timeout"]).optional() }),
      handle: ({ params, body }) => network.calls.end(network, known(params.id), body.reason),
    }),
  ];
}
