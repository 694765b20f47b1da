import { z } from "zod";

const messageId = z.string().min(1).max(128);
const phone = z.string().regex(/^[1-9]\d{6,14}$/, "digits of an international number");
const text = z.string().min(1).max(65_536);
const file = {
  data: z.base64().max(1_400_000).optional().describe("The file; without it a small sample is sent."),
  mimetype: z.string().max(100).optional(),
};

/** What a person can send, by `type`. */
export const personContent = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("text"),
    text,
    quote: messageId.optional().describe("Id of a message in the same chat that this one answers."),
    mentions: z.array(phone).max(100).optional(),
    preview: z.strictObject({ url: z.url(), title: z.string().max(300) }).optional(),
  }),
  z.strictObject({
    type: z.enum(["image", "video"]),
    ...file,
    caption: z.string().max(4096).optional(),
    view_once: z.boolean().default(false),
  }),
  z.strictObject({ type: z.enum(["audio", "voice", "sticker"]), ...file }),
  z.strictObject({
    type: z.literal("document"),
    ...file,
    caption: z.string().max(4096).optional(),
    file_name: z.string().max(255).default("document.txt"),
  }),
  z.strictObject({
    type: z.literal("location"),
    latitude: z.number().min(-90).max(90),
    longitude: z.number().min(-180).max(180),
    name: z.string().max(300).optional(),
  }),
  z.strictObject({ type: z.literal("contact"), name: z.string().min(1).max(100), phone }),
  z.strictObject({
    type: z.literal("poll"),
    name: text,
    options: z.array(z.string().min(1).max(100)).min(2).max(12),
    select: z.int().min(0).max(12).default(1).describe("How many options one may choose; 0: any number."),
  }),
  z.strictObject({ type: z.literal("vote"), message: messageId, options: z.array(z.string()).max(12) }),
  z.strictObject({ type: z.literal("reaction"), message: messageId, emoji: z.string().max(16) }),
  z.strictObject({ type: z.literal("edit"), message: messageId, text }),
  z.strictObject({ type: z.literal("delete"), message: messageId }),
  z.strictObject({ type: z.literal("forward"), message: messageId }),
]);
/** See the schema. */
export type PersonContent = z.infer<typeof personContent>;
