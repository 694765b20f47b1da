import { z } from "zod";

/** RFC 3339 in UTC with milliseconds. */
export const Timestamp = z.iso.datetime({ offset: true });

/** At most 16 pairs of strings, 2 KiB together; echoed in events, never interpreted. */
export const Metadata = z
  .record(z.string().min(1).max(64), z.string().max(1024))
  .refine((map) => Object.keys(map).length <= 16, "at most 16 pairs")
  .refine((map) => JSON.stringify(map).length <= 2048, "at most 2 KiB together");

/** A name that people read in lists: no control characters and none that turn the direction of the text around it. */
export const labelOf = (longest: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .refine((text) => !/[\p{Cc}\u202A-\u202E\u2066-\u2069]/u.test(text), "no control characters");

/** A session is named by its id or by its name within the tenant. */
export const SessionRef = z.string().min(1).max(64);

/**
 * Whom to write to: E.164 with or without `+` and punctuation (7–15 digits), or a JID of a person
 * (`@s.whatsapp.net`, `@c.us`, `@lid`).
 */
export const Address = z.string().min(3).max(80);

/** A person as we know them; at least one of `phone` and `lid` is present. */
export const Party = z
  .object({
    contact_id: z.uuid(),
    input: z.string().nullable().describe("The address as the caller wrote it"),
    phone: z.string().nullable().describe("E.164 with +"),
    lid: z.string().nullable(),
    jid: z.string(),
    display_name: z.string().nullable(),
  })
  .meta({ id: "Party" });
export type Party = z.infer<typeof Party>;

/** Keyset paging: `cursor` is opaque and bound to the other parameters. */
export const PageQuery = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .default(50)
    .transform((limit) => Math.min(limit, 200)),
  cursor: z.string().max(512).optional(),
});

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    data: z.array(item),
    next_cursor: z.string().nullable(),
    has_more: z.boolean(),
    sequence: z.int().describe("Head of the tenant's event log when the page was read: follow live events from here"),
    log_id: z.uuid(),
  });
}
