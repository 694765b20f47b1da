import { z } from "zod";
import type { Companion } from "../accounts.ts";
import { endings, endLink } from "../endings.ts";
import { makeGroup } from "../groups/group-actions.ts";
import type { Network } from "../network.ts";
import { Problem } from "./problem.ts";
import { type Route, route } from "./route.ts";
import { linkView, phoneNumber, showLink } from "./views.ts";

const byPhone = z.strictObject({ phone: phoneNumber });
const linkedDevice = z.object({ jid: z.string(), lid: z.string(), device: z.int() }).meta({ id: "LinkedDevice" });

const ending = z.strictObject({
  kind: z.enum(endings),
  code: z.int().min(400).max(599).optional().describe("For stream_error and failure."),
  expire_s: z.int().min(1).optional().describe("Seconds until a temporary ban ends; for failures."),
});

/** Linking devices to phones, and the connections of linked devices. */
export function linkingRoutes(network: Network): Route[] {
  return [
    route({
      method: "post",
      path: "/sim/v1/phones/:phone/scan-qr",
      summary: "The phone scans a QR code; answers once the client has accepted",
      params: byPhone,
      body: z.strictObject({ qr: z.string().min(1).max(4096), name: z.string().max(100).optional() }),
      response: linkedDevice,
      handle: async ({ params, body }) => {
        const account = network.accounts.get(params.phone);
        if (body.name !== undefined) account.name = body.name;
        return showLinked(await network.pairing.scan(account, body.qr));
      },
    }),
    route({
      method: "post",
      path: "/sim/v1/phones/:phone/enter-code",
      summary: "A pairing code is typed into the phone; answers once the client has accepted",
      params: byPhone,
      body: z.strictObject({ code: z.string().transform((code) => code.replace(/[\s-]/g, "").toUpperCase()) }),
      response: linkedDevice,
      handle: async ({ params, body }) =>
        showLinked(await network.pairingCodes.enter(network.accounts.get(params.phone), body.code)),
    }),
    route({
      method: "post",
      path: "/sim/v1/phones/:phone/unlink",
      summary: "The phone removes a linked device",
      params: byPhone,
      body: z.strictObject({ device: z.int().min(1) }),
      handle: ({ params, body }) => {
        const account = network.accounts.tryGet(params.phone);
        if (!account || !network.unlink(account, body.device, "removed_by_phone")) {
          throw new Problem(404, "not_found", `${params.phone} has no linked device ${body.device}.`);
        }
      },
    }),
    route({
      method: "get",
      path: "/sim/v1/links",
      summary: "Live connections",
      response: z.object({ links: z.array(linkView) }),
      handle: () => ({ links: [...network.links.values()].map(showLink) }),
    }),
    route({
      method: "post",
      path: "/sim/v1/links/end",
      summary: "End the connections of one number, or all",
      body: ending.extend({ phone: phoneNumber.optional(), device: z.int().min(1).optional() }),
      response: z.object({ ended: z.int() }),
      handle: ({ body }) => {
        const chosen = [...network.links.values()].filter(({ companion }) => {
          const address = companion?.address;
          if (body.phone !== undefined && address?.phone !== body.phone) return false;
          return body.device === undefined || address?.device === body.device;
        });
        for (const link of chosen) endLink(link, body.kind, { code: body.code, expireSeconds: body.expire_s });
        return { ended: chosen.length };
      },
    }),
    route({
      method: "post",
      path: "/sim/v1/links/:id/end",
      summary: "End a connection as the real network might",
      params: z.strictObject({ id: z.string() }),
      body: ending,
      handle: ({ params, body }) => {
        const link = network.links.get(params.id);
        if (!link) throw new Problem(404, "not_found", `There is no connection ${params.id}.`);
        endLink(link, body.kind, { code: body.code, expireSeconds: body.expire_s });
      },
    }),
  ];
}

/** Baileys' end-to-end tests look for a group of this name that contains the account they have just paired. */
const E2E_GROUP = "Baileys Group Test";

/** The contract of Baileys' own end-to-end tests: the number follows from the client's push name, or is fresh. */
export async function scanForPushName(network: Network, qr: string): Promise<void> {
  const digits = network.pairing.pushNameOf(qr).replace(/\D/g, "");
  const phone = phoneNumber.safeParse(digits);
  const account = network.accounts.get(phone.success ? phone.data : freshNumber(network));
  await network.pairing.scan(account, qr);
  makeGroup(network, account.number, E2E_GROUP, []);
}

function freshNumber(network: Network): string {
  for (;;) {
    const number = `1555${String(Math.floor(network.random() * 10_000_000)).padStart(7, "0")}`;
    if (!network.accounts.tryGet(number)) return number;
  }
}

function showLinked(companion: Companion): z.infer<typeof linkedDevice> {
  return { jid: companion.jid("pn"), lid: companion.jid("lid"), device: companion.address.device };
}
