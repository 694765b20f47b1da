import { type BinaryNode, node } from "./protocol/node.ts";

const BATCH_PER_TICK = 50;
const CAPACITY = 50_000;

/**
 * Stanzas on their way to one device. Each stays until the device settles it by a receipt or an ack, so what was
 * written to a connection that died is delivered again.
 *
 * - offline: entered at first and by `stop`; stanzas only collect.
 * - previewed: entered by `start` when something waits; the device was told how much and has to ask for it.
 * - draining: entered by `drain`; waiting stanzas are sent in order, marked `offline="0"`, `"1"`, …
 * - live: entered when all that waited was sent; stanzas are sent as they come.
 */
export class DeliveryQueue {
  readonly #waiting = new Map<string, BinaryNode>();
  #state: "offline" | "previewed" | "draining" | "live" = "offline";
  #send: (stanza: BinaryNode) => void = () => undefined;
  #round = 0;

  /** Stanzas not settled yet. */
  get size(): number {
    return this.#waiting.size;
  }

  push(stanza: BinaryNode): void {
    this.#waiting.set(keyOf(stanza.tag, stanza.attrs["id"], stanza.attrs["type"]), stanza);
    if (this.#waiting.size > CAPACITY) this.#dropOldest();
    if (this.#state === "live") this.#send(stanza);
  }

  /** The device is connected and asked for its stanzas: announces what waits, or that nothing does. */
  start(send: (stanza: BinaryNode) => void): void {
    this.#send = send;
    this.#round += 1;
    if (this.#waiting.size === 0) {
      this.#state = "live";
      send(offlineMarker(0));
      return;
    }
    this.#state = "previewed";
    const tally = { message: 0, receipt: 0, notification: 0 };
    for (const { tag } of this.#waiting.values()) if (tag in tally) tally[tag as keyof typeof tally] += 1;
    const counts = {
      count: String(this.#waiting.size),
      message: String(tally.message),
      receipt: String(tally.receipt),
      notification: String(tally.notification),
      appdata: "0",
    };
    send(node("ib", { from: "s.whatsapp.net" }, [node("offline_preview", counts)]));
  }

  /** The device asked for its batch: sends all that waits, a slice for each turn of the event loop, then the marker. */
  drain(): void {
    if (this.#state !== "previewed") return;
    this.#state = "draining";
    this.#drainFrom([...this.#waiting.entries()], 0, this.#round);
  }

  /** The connection is gone. */
  stop(): void {
    this.#state = "offline";
    this.#round += 1;
    this.#send = () => undefined;
  }

  /** The device has it: an ack names the class (`message`, `receipt`, …), a receipt settles the message itself. */
  settle(tag: string, id: string, type?: string): void {
    if (tag === "message") this.#waiting.delete(keyOf(tag, id));
    else this.#waiting.delete(keyOf(tag, id, type));
  }

  /** The oldest unsettled stanzas, at most `limit`. */
  first(limit: number): BinaryNode[] {
    return this.pending().slice(0, limit);
  }

  /** All unsettled stanzas, oldest first. */
  pending(): BinaryNode[] {
    return [...this.#waiting.values()];
  }

  #drainFrom(entries: [string, BinaryNode][], start: number, round: number): void {
    if (round !== this.#round) return;
    const end = Math.min(start + BATCH_PER_TICK, entries.length);
    for (let index = start; index < end; index++) {
      const entry = entries[index];
      if (!entry || !this.#waiting.has(entry[0])) continue;
      this.#send({ ...entry[1], attrs: { ...entry[1].attrs, offline: String(index) } });
    }
    if (end < entries.length) {
      setImmediate(() => this.#drainFrom(entries, end, round));
      return;
    }
    this.#send(offlineMarker(entries.length));
    this.#state = "live";
    const drained = new Set(entries.map(([key]) => key));
    for (const [key, stanza] of this.#waiting) if (!drained.has(key)) this.#send(stanza);
  }

  #dropOldest(): void {
    for (const key of this.#waiting.keys()) {
      this.#waiting.delete(key);
      return;
    }
  }
}

// One id may carry several receipts (delivered, read), but only one message.
function keyOf(tag: string, id = "", type = ""): string {
  return tag === "message" ? `message ${id}` : `${tag} ${id} ${type}`;
}

function offlineMarker(count: number): BinaryNode {
  return node("ib", { from: "s.whatsapp.net" }, [node("offline", { count: String(count) })]);
}
