import { z } from "zod";

const milliseconds = z.int().min(0).max(3_600_000);

/** How the person with a phone behaves; every field has a default, so a patch names only what differs. */
export const behaviourSchema = z
  .strictObject({
    exists: z.boolean().describe("Whether the number is on WhatsApp at all."),
    delivers: z.boolean().describe("False: the phone is off; messages reach the network and nobody."),
    delivered_after_ms: milliseconds,
    reads_after_ms: z.union([milliseconds, z.literal("never")]).describe("Counted from delivery."),
    reply: z
      .discriminatedUnion("mode", [
        z.strictObject({ mode: z.literal("none") }),
        z.strictObject({ mode: z.literal("echo"), after_ms: milliseconds }),
        z.strictObject({ mode: z.literal("text"), after_ms: milliseconds, text: z.string().min(1).max(4096) }),
      ])
      .describe("What the person answers; counted from delivery."),
    fail_decryptions: z.int().min(0).max(1000).describe("The first N messages cannot be decrypted at first try."),
    ack_error: z
      .union([z.int().min(400).max(599), z.null()])
      .describe("The server refuses messages to this number with this code, 463 for example."),
    history: z
      .strictObject({
        chats: z.int().min(0).max(5_000),
        messages: z.int().min(0).max(5_000),
        by: z.enum(["inline", "media"]).default("inline"),
      })
      .describe(
        "Past that the phone makes up for a newly linked device, beside what it really shows: messages a chat.",
      ),
    crypto: z.enum(["decrypt", "blind"]).describe("blind: receipts without decrypting, for load."),
  })
  .meta({ id: "Behaviour" });

/** See the schema. */
export type Behaviour = z.infer<typeof behaviourSchema>;

/** What an ordinary contact does: delivered at once, read soon after, no answer. */
export const ordinary: Behaviour = {
  exists: true,
  delivers: true,
  delivered_after_ms: 50,
  reads_after_ms: 300,
  reply: { mode: "none" },
  fail_decryptions: 0,
  ack_error: null,
  history: { chats: 0, messages: 0, by: "inline" },
  crypto: "decrypt",
};

/**
 * Rules by number, so that a test needs no set-up call. Country code 999 is assigned to nobody; the two digits after
 * it choose the behaviour.
 */
export const prefixRules: readonly { prefix: string; says: string; behaviour: Partial<Behaviour> }[] = [
  { prefix: "99900", says: "not on WhatsApp", behaviour: { exists: false } },
  { prefix: "99901", says: "never delivers", behaviour: { delivers: false } },
  { prefix: "99902", says: "delivers, never reads", behaviour: { reads_after_ms: "never" } },
  { prefix: "99903", says: "answers with the same text", behaviour: { reply: { mode: "echo", after_ms: 400 } } },
  { prefix: "99904", says: "the server refuses with 463", behaviour: { ack_error: 463 } },
  { prefix: "99905", says: "the first decryption fails", behaviour: { fail_decryptions: 1 } },
  { prefix: "99906", says: "receipts without decrypting", behaviour: { crypto: "blind" } },
];

/** The behaviour of a number: ordinary, then its prefix rule, then what was set for it by call. */
export function behaviourOf(phone: string, set: Partial<Behaviour> = {}): Behaviour {
  const rule = prefixRules.find(({ prefix }) => phone.startsWith(prefix));
  return { ...ordinary, ...rule?.behaviour, ...set };
}
