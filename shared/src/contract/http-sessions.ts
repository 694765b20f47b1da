import { z } from "zod";
import { Metadata, PageQuery, Timestamp, labelOf, pageOf } from "./http-common.ts";
import { SessionDesired, SessionStatus } from "./statuses.ts";

export const SessionName = z
  .string()
  .regex(/^[a-z0-9_-]{1,64}$/, "1 to 64 of a-z, 0-9, _ and -")
  .refine((name) => !z.uuid().safeParse(name).success, "a name must not look like an id");

/** Body of `POST /v1/sessions`. With `start` (the default) the session is asked to run at once and will show a QR code. */
export const SessionCreate = z
  .strictObject({
    name: SessionName,
    display_name: labelOf(80).nullish(),
    start: z.boolean().default(true),
    metadata: Metadata.default({}),
  })
  .meta({ id: "SessionCreate" });
export type SessionCreate = z.infer<typeof SessionCreate>;

export const SessionListQuery = PageQuery.extend({
  status: SessionStatus.optional(),
  desired: SessionDesired.optional(),
  q: z.string().max(80).optional().describe("Part of the name, display name or phone"),
}).strict();

/** One linked WhatsApp account. `desired` is what was asked, `status` what is observed; `status_deadline` is when a passing status ends by itself. */
export const Session = z
  .object({
    id: z.uuid(),
    name: z.string(),
    display_name: z.string().nullable(),
    network: z.enum(["whatsapp", "simulated"]),
    desired: SessionDesired,
    status: SessionStatus,
    status_reason: z.string().nullable(),
    status_since: Timestamp,
    status_deadline: Timestamp.nullable(),
    phone: z.string().nullable(),
    lid: z.string().nullable(),
    jid: z.string().nullable(),
    push_name: z.string().nullable(),
    platform: z.string().nullable(),
    metadata: Metadata,
    worker_id: z.string().nullable().describe("The worker that holds the session's shard now"),
    paired_at: Timestamp.nullable(),
    connected_at: Timestamp.nullable(),
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: z.int(),
  })
  .meta({ id: "Session" });
export type Session = z.infer<typeof Session>;
export const SessionPage = pageOf(Session).meta({ id: "SessionPage" });

export const QrQuery = z.strictObject({
  wait: z.coerce
    .number()
    .min(0)
    .default(0)
    .transform((seconds) => Math.min(seconds, 25))
    .describe("Seconds to wait for a code"),
});

/** The code to scan now. `qr` is the text inside the picture; `round` counts codes of one attempt; it is a credential until `expires_at`. */
export const QrCode = z
  .object({ qr: z.string(), attempt: z.int(), round: z.int(), expires_at: Timestamp })
  .meta({ id: "QrCode" });
export type QrCode = z.infer<typeof QrCode>;
