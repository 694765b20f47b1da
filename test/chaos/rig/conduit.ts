import type { Socket } from "node:net";
import type { Conditions, Direction } from "./tcp-proxy.ts";

/** Bytes that wait in one direction before the sender is slowed down. */
const mostWaiting = 1024 * 1024;

/** One direction of a proxied connection: a queue of chunks, each with the moment from which it may leave. */
export class Conduit {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #direction: Direction;
  readonly #conditions: () => Conditions;
  readonly #random: () => number;
  readonly #cut: () => void;
  #waiting: { data: Buffer; dueMs: number }[] = [];
  #bytesWaiting = 0;
  #passed = 0;
  #lastDueMs = 0;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param cut resets the whole connection: its byte limit is reached */
  constructor(
    from: Socket,
    to: Socket,
    direction: Direction,
    conditions: () => Conditions,
    random: () => number,
    cut: () => void,
  ) {
    this.#from = from;
    this.#to = to;
    this.#direction = direction;
    this.#conditions = conditions;
    this.#random = random;
    this.#cut = cut;
    from.on("data", (chunk: Buffer) => this.#take(chunk));
    from.on("end", () => this.end());
    to.on("drain", () => this.look());
    this.look();
  }

  /** Nothing more comes in this direction; what waits is passed on first. */
  end(): void {
    this.#ended = true;
    this.look();
  }

  /** Passes on what is due, and comes back for the rest. */
  look(): void {
    clearTimeout(this.#timer);
    if (this.#to.destroyed) return;
    const { hold, byteLimit } = this.#conditions();
    if (hold === "both" || hold === this.#direction) {
      // The kernel's buffers fill up, and the sender sees a peer that does not read.
      this.#from.pause();
      return;
    }
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const inMs = next.dueMs - performance.now();
      if (inMs > 0) {
        this.#timer = setTimeout(() => this.look(), inMs);
        break;
      }
      if (this.#to.writableNeedDrain) break;
      this.#waiting.shift();
      this.#bytesWaiting -= next.data.length;
      this.#passed += next.data.length;
      this.#to.write(next.data);
      if (this.#passed >= byteLimit) return this.#cut();
    }
    if (this.#bytesWaiting < mostWaiting) this.#from.resume();
    if (this.#ended && this.#waiting.length === 0 && !this.#to.writableEnded) this.#to.end();
  }

  #take(chunk: Buffer): void {
    const { latencyMs, jitterMs, bytesPerSecond, sliceBytes } = this.#conditions();
    const step = Math.min(sliceBytes, chunk.length);
    for (let at = 0; at < chunk.length; at += step) {
      const data = chunk.subarray(at, at + step);
      const arrivesMs = performance.now() + latencyMs + this.#random() * jitterMs;
      this.#lastDueMs = Math.max(this.#lastDueMs, arrivesMs) + (data.length / bytesPerSecond) * 1000;
      this.#waiting.push({ data, dueMs: this.#lastDueMs });
      this.#bytesWaiting += data.length;
    }
    if (this.#bytesWaiting >= mostWaiting) this.#from.pause();
    this.look();
  }
}
