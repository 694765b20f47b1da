import { z } from "zod";
import { endings } from "./endings.ts";

const milliseconds = z.int().min(0).max(600_000);
const digits = z.string().regex(/^\d{1,15}$/, "digits of an international number");
const code = z.int().min(400).max(599);
const expiry = z.int().min(1).max(31_536_000).optional().describe("Seconds until a temporary ban (402) ends.");

/** How many of the cases a rule hits. */
const chance = {
  share: z.number().min(0).max(1).default(1).describe("Part of the cases that it hits, chosen by the seed."),
  seed: z.int().min(0).optional().describe("Of this rule; absent: the network's."),
  after: z.int().min(0).default(0).describe("Lets so many cases pass first."),
  times: z.int().min(1).optional().describe("Ends after so many hits."),
};
/** Whose cases: the account whose link, login, query or message it is. What is absent does not matter. */
const bySender = {
  ...chance,
  sender: digits.optional().describe("Only this account."),
  sender_prefix: digits.optional(),
  share_of: z
    .enum(["cases", "senders"])
    .default("cases")
    .describe("cases: each on its own. senders: always or never, the same ones in every run."),
};
const byMessage = {
  ...bySender,
  recipient: digits.optional().describe("Only messages to this number."),
  recipient_prefix: digits.optional(),
  share_of: z.enum(["cases", "senders", "recipients"]).default("cases").describe("As above; also by recipient."),
};
const delay = { delay_ms: milliseconds.default(1000), jitter_ms: milliseconds.default(0) };
const again = { copies: z.int().min(1).max(10).default(1), delay_ms: milliseconds.default(0) };

function rule<K extends string, S extends z.core.$ZodLooseShape>(kind: K, shape: S) {
  return z.strictObject({ kind: z.literal(kind), ...shape });
}

/** A rule that breaks something on purpose. Each kind takes only what makes sense for it. */
export const faultSchema = z.discriminatedUnion("kind", [
  // A message on its way to the server.
  rule("drop_message", byMessage), // never reaches the server: no ack either
  rule("ack_error", { ...byMessage, code: code.default(463) }),
  rule("drop_ack", byMessage),
  rule("delay_ack", { ...byMessage, ...delay }),
  rule("duplicate_ack", { ...byMessage, ...again }),
  rule("reorder_ack", {
    ...byMessage,
    delay_ms: milliseconds.default(1000).describe("Waits for the next ack at most so long."),
  }),
  // An acknowledged message on its way to the recipients.
  rule("lose_message", byMessage),
  rule("delay_message", { ...byMessage, ...delay }),
  rule("duplicate_message", { ...byMessage, ...again }),
  // A receipt on its way back to the sender of the message.
  rule("drop_receipt", byMessage),
  rule("delay_receipt", { ...byMessage, ...delay }),
  rule("duplicate_receipt", { ...byMessage, ...again }),
  // Connections: who connects is not known before the login.
  rule("refuse_upgrade", { ...chance, code: code.default(503) }),
  rule("silent_connection", chance),
  rule("bad_certificate", chance),
  rule("refuse_login", { ...bySender, code: code.default(403), expire_s: expiry }),
  rule("end_link", {
    ...bySender,
    on: z.enum(["login", "message", "query"]).default("message").describe("A case is one of these."),
    ending: z.enum(endings),
    code: code.optional().describe("For the endings stream_error and failure."),
    expire_s: expiry,
    after_ms: milliseconds.default(0),
  }),
  rule("latency", { ...bySender, delay_ms: milliseconds.default(100), jitter_ms: milliseconds.default(0) }),
  // Queries and what follows a login.
  rule("withhold_answer", { ...bySender, xmlns: z.string().max(100).optional(), tag: z.string().max(100).optional() }),
  rule("refuse_query", {
    ...bySender,
    xmlns: z.string().max(100).default("w:g2"),
    tag: z.string().max(100).optional(),
    code: code.default(429),
    text: z.string().max(200).default("rate-overlimit"),
  }),
  rule("withhold_prekeys", bySender),
  rule("starve_prekeys", bySender),
  rule("withhold_offline_marker", bySender),
  rule("withhold_offline_queue", bySender), // announced, asked for, and never sent
  // Files; who asks for them is not told.
  rule("media", {
    ...chance,
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
