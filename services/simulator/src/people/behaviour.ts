import { z } from "zod";

const milliseconds = z.int().min(0).max(3_600_000);
const text = z.string().min(1).max(4096);

const reply = z.discriminatedUnion("mode", [
  z.strictObject({ mode: z.literal("none") }),
  z.strictObject({ mode: z.literal("echo"), after_ms: milliseconds }),
  z.strictObject({ mode: z.literal("text"), after_ms: milliseconds, text }),
  z.strictObject({
    mode: z.literal("keywords"),
    after_ms: milliseconds,
    answers: z
      .array(z.strictObject({ contains: z.string().min(1).max(200), text }))
      .min(1)
      .max(50)
      .describe("The first whose word is in the message, upper or lower case, answers."),
    otherwise: text.nullable().default(null),
  }),
  z.strictObject({
    mode: z.literal("script"),
    after_ms: milliseconds,
    turns: z.array(text).min(1).max(100).describe("The first message is answered by the first, and so on."),
    repeat: z.boolean().default(false).describe("Starts over after the last turn; otherwise falls silent."),
  }),
]);

const stop = z.strictObject({
  after_messages: z.int().min(1).max(1000).describe("Which message of one sender is one too many."),
  share: z.number().min(0).max(1).default(1).describe("Part of the people who do it; who, follows from the seed."),
  text: text.default("STOP"),
  after_ms: milliseconds.default(400),
});

/** How the person with a phone behaves; every field has a default, so a patch names only what differs. */
export const behaviourSchema = z
  .strictObject({
    exists: z.boolean().describe("Whether the number is on WhatsApp at all."),
    delivers: z.boolean().describe("False: the phone is off; messages reach the network and nobody."),
    online: z.boolean().describe("False: messages wait at the network, and are delivered in order once it is true."),
    delivered_after_ms: milliseconds,
    reads_after_ms: z.union([milliseconds, z.literal("never")]).describe("Counted from delivery."),
    reply: reply.describe("What the person answers; counted from delivery."),
    stop: stop.nullable().describe("Asks to be left alone, and answers nothing from then on."),
    blocks_after: z
      .int()
      .min(0)
      .max(1000)
      .nullable()
      .describe("Blocks a sender after so many messages: the server takes further ones, the phone never sees them."),
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
    companions: z.int().min(0).max(4).describe("Linked devices of the person that receive every message as well."),
    addressing: z
      .enum(["network", "lid", "pn"])
      .describe("pn: not migrated to hidden ids, writes from the number and has no hidden id to be asked for."),
  })
  .meta({ id: "Behaviour" });

/** A change of behaviour: only what differs. */
export const behaviourPatchSchema = behaviourSchema.partial();

/** See the schema. */
export type Behaviour = z.infer<typeof behaviourSchema>;

/** What an ordinary contact does: delivered at once, read soon after, no answer. */
export const ordinary: Behaviour = {
  exists: true,
  delivers: true,
  online: true,
  delivered_after_ms: 50,
  reads_after_ms: 300,
  reply: { mode: "none" },
  stop: null,
  blocks_after: null,
  fail_decryptions: 0,
  ack_error: null,
  history: { chats: 0, messages: 0, by: "inline" },
  crypto: "decrypt",
  companions: 0,
  addressing: "network",
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
  {
    prefix: "99907",
    says: "answers the first message with STOP",
    behaviour: { stop: { after_messages: 1, share: 1, text: "STOP", after_ms: 400 } },
  },
  { prefix: "99908", says: "has two companion devices", behaviour: { companions: 2 } },
  { prefix: "99909", says: "blocks after the first message", behaviour: { blocks_after: 1 } },
  { prefix: "99910", says: "is away until told otherwise", behaviour: { online: false } },
  { prefix: "99911", says: "not migrated to hidden ids", behaviour: { addressing: "pn" } },
];

/** The behaviour of a number: ordinary, then its prefix rule, then what was set for it by call. */
export function behaviourOf(phone: string, set: Partial<Behaviour> = {}): Behaviour {
  const rule = prefixRules.find(({ prefix }) => phone.startsWith(prefix));
  return { ...ordinary, ...rule?.behaviour, ...set };
}
