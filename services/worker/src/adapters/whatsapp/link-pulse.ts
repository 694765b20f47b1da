import type { BinaryNode } from "@whiskeysockets/baileys";
import { monotonicMs } from "@flotilla/shared/runtime/clock";

/** The WebSocket client of the library as far as we listen to it: raw frames, and stanzas as `CB:…`. */
type StanzaEmitter = Pick<NodeJS.EventEmitter, "on">;

/**
 * What the stanzas of one link say about its health, on the monotonic clock. It listens beside the library and changes
 * nothing. Two facts are kept apart on purpose: a frame proves that the server reaches us, an answer to something of ours
 * proves that we reach the server.
 */
export class LinkPulse {
  readonly dialledAtMs: number;
  lastFrameAtMs: number;
  /** Last answer to a query or message of ours; the library asks by ping every 12 s. */
  lastAnswerAtMs: number;
  /** The server announced waiting stanzas and this is when it last sent one; null when none wait. */
  drainingSinceMs: number | null = null;
  /** When each message without an ack was written. */
  readonly unanswered = new Map<string, number>();
  /** When messages arrived that could not be decrypted, newest last; at most the newest hundred. */
  readonly undecryptedAtMs: number[] = [];

  constructor(nowMs = monotonicMs()) {
    this.dialledAtMs = nowMs;
    this.lastFrameAtMs = nowMs;
    this.lastAnswerAtMs = nowMs;
  }

  /** Begins to listen. Stanzas of an offline queue carry an attribute `offline` with their place in it. */
  listen(client: StanzaEmitter): void {
    client.on("message", () => (this.lastFrameAtMs = monotonicMs()));
    client.on("CB:iq", ({ attrs }: BinaryNode) => {
      if (attrs["type"] === "result" || attrs["type"] === "error") this.#answered();
    });
    client.on("CB:ack", () => this.#answered());
    client.on("CB:success", () => this.#answered());
    client.on("CB:ib,,offline_preview", (node: BinaryNode) => {
      const preview = Array.isArray(node.content)
        ? node.content.find(({ tag }) => tag === "offline_preview")
        : undefined;
      if (Number(preview?.attrs["count"] ?? 0) > 0) this.drainingSinceMs = monotonicMs();
    });
    client.on("CB:ib,,offline", () => (this.drainingSinceMs = null));
    for (const tag of ["message", "receipt", "notification", "call"]) {
      client.on(`CB:${tag}`, ({ attrs }: BinaryNode) => {
        if (attrs["offline"] !== undefined && this.drainingSinceMs !== null) this.drainingSinceMs = monotonicMs();
      });
    }
  }

  /** A message came that could not be decrypted. */
  undecrypted(): void {
    this.undecryptedAtMs.push(monotonicMs());
    if (this.undecryptedAtMs.length > 100) this.undecryptedAtMs.shift();
  }

  #answered(): void {
    this.lastAnswerAtMs = monotonicMs();
  }
}
