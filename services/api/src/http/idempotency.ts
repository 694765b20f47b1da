import { AppError } from "@flotilla/shared/contract/problem";
import { createHash } from "node:crypto";
import type { IdempotencyRequest } from "../ports.ts";
import { canonicalJson } from "../domain/canonical-json.ts";

/** Kept answers: a day for messages and batches, a week for what is made seldom. */
export const dayS = 86_400;
export const weekS = 7 * dayS;

/**
 * Reads `Idempotency-Key` (1–255 printable ASCII characters, quoted or bare). The digest is of the body's meaning, not of its
 * blanks or the order of its keys. Null without a key; throws `malformed_header` for one that cannot be.
 */
export function readIdempotency(
  header: string | undefined,
  request: { route: string; body: unknown; ttlS: number },
): IdempotencyRequest | null {
  if (header === undefined) return null;
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (!/^[\x20-\x7e]{1,255}$/.test(key))
    throw new AppError("malformed_header", "Idempotency-Key takes 1 to 255 printable ASCII characters");
  return {
    route: request.route,
    key,
    body_hash: createHash("sha256")
      .update(canonicalJson(request.body ?? null))
      .digest("hex"),
    ttl_s: request.ttlS,
  };
}

/** Headers of an answer that was given before. */
export function replayedHeaders(replayed: boolean): Record<string, string> {
  return replayed ? { "Idempotency-Replayed": "true" } : {};
}
