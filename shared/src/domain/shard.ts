/**
 * The shard of a session: FNV-1a (32 bit) of the id's text, modulo the shard count fixed at install. Applied once, when
 * the session is made; afterwards the row's `shard` column is the truth, so that a hot session can be moved by hand.
 */
export function shardOf(sessionId: string, shardCount: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < sessionId.length; index++) {
    hash ^= sessionId.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193) >>> 0;
  }
  return hash % shardCount;
}
