import { z } from "zod";
import type { Account } from "../accounts.ts";
import { isSharedChat } from "../envelope.ts";
import type { LedgerRow } from "../ledger.ts";
import type { Link } from "../link.ts";
import type { Network } from "../network.ts";
import { behaviourSchema } from "../people/behaviour.ts";
import { isPhone, personJid } from "../protocol/jid.ts";

/** A number in any usual spelling, to digits only. */
export const phoneNumber = z
  .string()
  .transform((text) => text.replace(/^\+/, "").replace(/[\s().-]/g, ""))
  .refine(isPhone, "is not an international phone number (7 to 15 digits)")
  .meta({ description: "International number, with or without +." });

/** A number, or the JID of a group or of the status feed. */
export const chatAddress = z.union([z.string().refine(isSharedChat), phoneNumber]);

const deviceView = z
  .object({
    device: z.int(),
    jid: z.string(),
    lid: z.string(),
    connected: z.boolean(),
    linked_at: z.string(),
    queued: z.int().describe("Stanzas that the device has not confirmed."),
    one_time_keys: z.int(),
  })
  .meta({ id: "Device" });

export const phoneView = z
  .object({
    phone: z.string(),
    jid: z.string(),
    lid: z.string(),
    name: z.string(),
    behaviour: behaviourSchema,
    devices: z.array(deviceView),
  })
  .meta({ id: "Phone" });

export const linkView = z
  .object({
    id: z.string(),
    phone: z.string().nullable(),
    device: z.int().nullable(),
    state: z.enum(["hello", "finish", "open", "closed"]),
    muted: z.boolean(),
    silence: z.enum(["none", "in", "out", "both"]),
    host: z.string().nullable().describe("Name and port by which the client found the network."),
    opened_at: z.string(),
    frames_in: z.int(),
    frames_out: z.int(),
  })
  .meta({ id: "Link" });

/** A phone as the API shows it. */
export function showPhone(network: Network, account: Account): z.infer<typeof phoneView> {
  const { number } = account;
  return {
    phone: number,
    jid: personJid(number, "pn"),
    lid: personJid(number, "lid"),
    name: network.nameOf(number),
    behaviour: network.behaviourOf(number),
    devices: [...account.companions.values()].map((companion) => ({
      device: companion.address.device,
      jid: companion.jid("pn"),
      lid: companion.jid("lid"),
      connected: companion.link !== undefined,
      linked_at: companion.linkedAt,
      queued: companion.queue.size,
      one_time_keys: companion.keys.oneTimeKeys.length,
    })),
  };
}

/** A link as the API shows it; a link that is not logged in has no phone. */
export function showLink(link: Link): z.infer<typeof linkView> {
  return {
    id: link.id,
    phone: link.companion?.address.phone ?? null,
    device: link.companion?.address.device ?? null,
    state: link.state,
    muted: link.silence !== "none",
    silence: link.silence,
    host: link.host ?? null,
    opened_at: link.openedAt.toISOString(),
    frames_in: link.framesIn,
    frames_out: link.framesOut,
  };
}

/** A row of the ledger as the API shows it. */
export function showRow({ first_at_ms, last_at_ms, ...row }: LedgerRow): Record<string, unknown> {
  return { ...row, first_at: new Date(first_at_ms).toISOString(), last_at: new Date(last_at_ms).toISOString() };
}
