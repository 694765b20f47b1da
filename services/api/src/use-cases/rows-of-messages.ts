import { mintMessageId } from "@flotilla/shared/contract/ids";
import { createHash } from "node:crypto";
import type { PreparedMessage } from "../domain/prepare-message.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import type { Hint, NewMessage, Wake } from "../ports.ts";

/** The row of a prepared message. Its content hash says whether a repeated `client_ref` means the same message. */
export function rowOf({ body, address, text }: PreparedMessage, index: number): NewMessage {
  const content = { body: text };
  const same = { session: body.session, jid: address.jid, type: body.type, content };
  return {
    index,
    id: mintMessageId(),
    session: body.session,
    jid: address.jid,
    phone: address.phone,
    input: body.to,
    type: body.type,
    content,
    category: body.category,
    client_ref: body.client_ref ?? null,
    content_hash: createHash("sha256").update(canonicalJson(same)).digest("hex"),
    ttl_s: body.ttl,
    on_unknown: body.on_unknown,
    metadata: body.metadata,
  };
}

/** The wake-ups of an answer, one for each lane. */
export function hintsOf(wakes: readonly Wake[]): Hint[] {
  return wakes.map(({ session_id, shard, lane }) => ({
    name: "outbox.wake",
    payload: { session: session_id, lane },
    shard,
  }));
}
