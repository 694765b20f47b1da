import { AppError } from "@flotilla/shared/contract/problem";
import { createHash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../domain/canonical-json.ts";

const envelope = z.strictObject({ k: z.unknown(), f: z.string() });

/** Makes a cursor from the key of a page's last row: opaque, and good for the same filters only. */
export function encodeCursor(key: unknown, filters: object): string {
  return Buffer.from(JSON.stringify({ k: key, f: digestOf(filters) })).toString("base64url");
}

/** The key a cursor holds. Throws `invalid_cursor` when it is not ours, was changed, or belongs to other filters. */
export function decodeCursor<Key>(cursor: string, filters: object, key: z.ZodType<Key>): Key {
  try {
    const { k, f } = envelope.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
    if (f === digestOf(filters)) return key.parse(k);
  } catch (error) {
    throw refusal(error);
  }
  throw refusal();
}

const refusal = (cause?: unknown) =>
  new AppError("invalid_cursor", "Use next_cursor of an answer as it is, with the same filters", { cause });

const digestOf = (filters: object) =>
  createHash("sha256").update(canonicalJson(filters)).digest("base64url").slice(0, 16);
