import { z } from "zod";
import { endings } from "./endings.ts";

const milliseconds = z.int().min(0).max(600_000);
const digits = z.string().regex(/^\d{1,15}$/, "digits of an international number");
const code = z.int().min(400).max(599);
const expiry = z.int().min(1).max(31_536_000).optional().describe("Seconds until a temporary ban (402) ends.");

/** Which cases a rule is about; what is absent does not matter. */
const selectors = {
  sender: digits.optional().describe("Only this account: the one whose link, login, query or message it is."),
  sender_prefix: digits.optional(),
  recipient: digits.optional().describe("Only messages to this number."),
  recipient_prefix: digits.optional(),
  share: z.number().min(0).max(1).default(1).describe("Part of the cases that it hits, chosen by the seed."),
  share_of: z
    .enum(["cases", "senders", "recipients"])
    .default("cases")
    .describe("cases: each on its own. senders, recipients: always or never, the same ones in every run."),
  seed: z.int().min(0).optional().describe("Of this rule; absent: the network's."),
  after: z.int().min(0).default(0).describe("Lets so many cases pass first."),
  times: z.int().min(1).optional().describe("Ends after so many hits."),
};
const delay = { delay_ms: milliseconds.default(1000), jitter_ms: milliseconds.default(0) };

function rule<K extends string, S extends z.core.$ZodLooseShape>(kind: K, shape: S) {
  return z.strictObject({ kind: z.literal(kind), ...selectors, ...shape });
}

/** A rule that breaks something on purpose. Each kind takes only what makes sense for it. */
export const faultSchema = z.discriminatedUnion("kind", [
  // A message on its way to the server.
  rule("drop_message", {}), // never reaches the server: no ack either
  rule("ack_error", { code: code.default(463) }),
  rule("drop_ack", {}),
  rule("delay_ack", delay),
  rule("duplicate_ack", { copies: z.int().min(1).max(10).default(1), delay_ms: milliseconds.default(0) }),
  rule("reorder_ack", { delay_ms: milliseconds.default(1000).describe("Waits for the next ack at most so long.") }),
  // An acknowledged message on its way to the recipients.
  rule("lose_message", {}),
  rule("delay_message", delay),
  rule("duplicate_message", { copies: z.int().min(1).max(10).default(1), delay_ms: milliseconds.default(0) }),
  // A receipt on its way back to the sender of the message.
  rule("drop_receipt", {}),
  rule("delay_receipt", delay),
  rule("duplicate_receipt", { copies: z.int().min(1).max(10).default(1), delay_ms: milliseconds.default(0) }),
  // Connections: who connects is not known before the login.
  rule("refuse_upgrade", { code: code.default(503) }),
  rule("silent_connection", {}),
  rule("bad_certificate", {}),
  rule("refuse_login", { code: code.default(403), expire_s: expiry }),
  rule("end_link", {
    on: z.enum(["login", "message", "query"]).default("message").describe("A case is one of these."),
    ending: z.enum(endings),
    code: code.optional().describe("For the endings stream_error and failure."),
    expire_s: expiry,
    after_ms: milliseconds.default(0),
  }),
  rule("latency", { delay_ms: milliseconds.default(100), jitter_ms: milliseconds.default(0) }),
  // Queries and what follows a login.
  rule("withhold_answer", { xmlns: z.string().max(100).optional(), tag: z.string().max(100).optional() }),
  rule("refuse_query", {
    xmlns: z.string().max(100).default("w:g2"),
    tag: z.string().max(100).optional(),
    code: code.default(429),
    text: z.string().max(200).default("rate-overlimit"),
  }),
  rule("withhold_prekeys", {}),
  rule("starve_prekeys", {}),
  rule("withhold_offline_marker", {}),
  // The media server asks for these itself.
  rule("media", {
    operation: z.enum(["upload", "download", "both"]).default("both"),
    status: z
      .union([z.literal(200), code])
      .default(404)
      .describe("200: only slow."),
    delay_ms: milliseconds.default(0),
  }),
]);

/** See the schema. */
export type Fault = z.infer<typeof faultSchema>;

/** What a fault breaks. */
export type FaultKind = Fault["kind"];
