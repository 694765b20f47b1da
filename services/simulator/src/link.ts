import type { Logger } from "pino";
import type { WebSocket } from "ws";
import type { Companion } from "./accounts.ts";
import type { ServerIdentity } from "./protocol/certificates.ts";
import { encodeNode } from "./protocol/encode-node.ts";
import { frame, FrameReader } from "./protocol/framing.ts";
import { type BinaryNode, parseNode } from "./protocol/node.ts";
import { type Established, NoiseHandshake } from "./protocol/noise.ts";
import { Recording } from "./recording.ts";
import { SlowLane } from "./slow-lane.ts";

/** What the network does with a link. */
export interface LinkOwner {
  readonly logger: Logger;
  /** Stanzas of each link that are kept for looking at. */
  readonly recordedStanzas: number;
  /** What the server proves to a client that connects now. */
  identityFor(): ServerIdentity;
  /** Milliseconds that the next bytes over this link take, either way. */
  latencyOf(link: Link): number;
  /** The handshake is done: who is it? */
  authenticate(link: Link, established: Established): void;
  stanza(link: Link, stanza: BinaryNode): void;
  closed(link: Link): void;
}

const HANDSHAKE_TIMEOUT_MS = 20_000;
const CLOSE_GRACE_MS = 500;

/**
 * One WebSocket of one client, from the first byte to the last.
 *
 * - hello: waits for ClientHello.
 * - finish: has answered, waits for ClientFinish.
 * - open: encrypted stanzas in both directions.
 * - closed: for good; entered by either side, by a broken frame or by a handshake that takes too long.
 */
export class Link {
  readonly id: string;
  readonly openedAt = new Date();
  /** Name and port by which the client found the server. */
  readonly host: string | undefined;
  /** The device that logged in over this link. */
  companion: Companion | undefined;
  /** What the link swallows while it stays open, like the half-dead connections of real networks. */
  silence: "none" | "in" | "out" | "both" = "none";
  readonly recording: Recording;
  framesIn = 0;
  framesOut = 0;
  #state: "hello" | "finish" | "open" | "closed" = "hello";
  readonly #socket: WebSocket;
  readonly #owner: LinkOwner;
  readonly #frames = new FrameReader();
  readonly #handshake: NoiseHandshake;
  readonly #timeout: NodeJS.Timeout;
  #ciphers: Established | undefined;
  #outbox: Buffer[] = [];
  readonly #outgoing = new SlowLane(() => this.#owner.latencyOf(this));
  readonly #incoming = new SlowLane(() => this.#owner.latencyOf(this));

  constructor(id: string, socket: WebSocket, owner: LinkOwner, host?: string) {
    this.id = id;
    this.host = host;
    this.#socket = socket;
    this.#owner = owner;
    const identity = owner.identityFor();
    this.#handshake = new NoiseHandshake(identity.noise, identity.certificates);
    this.recording = new Recording(owner.recordedStanzas);
    this.#timeout = setTimeout(() => this.reset(), HANDSHAKE_TIMEOUT_MS);
    socket.on("message", (data: Buffer) => this.#incoming.push(() => this.#receive(data)));
    socket.on("close", () => this.#close());
    socket.on("error", (error) => owner.logger.debug({ error, link: id }, "A connection broke"));
  }

  get state(): "hello" | "finish" | "open" | "closed" {
    return this.#state;
  }

  /** Encrypts and writes a stanza. Does nothing on a link that swallows it or is not open. */
  send(stanza: BinaryNode): void {
    if (this.#state !== "open" || this.#swallows("out")) return;
    this.recording.note("out", stanza);
    this.sendBytes(encodeNode(stanza));
  }

  /** Encrypts and writes a plaintext that need not be a stanza. */
  sendBytes(plaintext: Uint8Array): void {
    if (this.#state !== "open" || !this.#ciphers) return;
    this.framesOut += 1;
    this.#outbox.push(frame(...this.#ciphers.outgoing.seal(plaintext)));
    // What is said in one turn of the event loop goes out as one WebSocket message: a fraction of the system calls.
    if (this.#outbox.length === 1) setImmediate(() => this.#flush());
  }

  /** Writes bytes that are no stanza, as a broken server would. */
  sendGarbage(bytes: Buffer): void {
    if (this.#state !== "open") return;
    this.#outbox.push(frame(bytes));
    this.#flush();
  }

  /** Says a last word, if any, and closes the WebSocket in order. */
  end(lastWord?: BinaryNode): void {
    if (lastWord) this.send(lastWord);
    if (this.#state === "closed") return;
    this.#flush();
    this.#outgoing.push(() => {
      this.#socket.close();
      const terminate = setTimeout(() => this.#socket.terminate(), CLOSE_GRACE_MS);
      this.#socket.once("close", () => clearTimeout(terminate));
    });
  }

  /** Drops the connection without a word. */
  reset(): void {
    this.#socket.terminate();
  }

  #swallows(direction: "in" | "out"): boolean {
    return this.silence === direction || this.silence === "both";
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    const frames = this.#outbox;
    this.#outbox = [];
    const bytes = frames.length === 1 && frames[0] ? frames[0] : Buffer.concat(frames);
    this.#outgoing.push(() => {
      if (this.#state === "open") this.#socket.send(bytes);
    });
  }

  #receive(data: Buffer): void {
    if (this.#swallows("in") || this.#state === "closed") return;
    try {
      for (const bytes of this.#frames.push(data)) this.#handleFrame(bytes);
    } catch (error) {
      // After a frame that cannot be read the cipher counters are lost: nothing later can be read either.
      this.#owner.logger.debug({ error, link: this.id }, "Closing a connection after an unreadable frame");
      this.reset();
    }
  }

  #handleFrame(bytes: Buffer): void {
    this.framesIn += 1;
    switch (this.#state) {
      case "hello":
        this.#socket.send(frame(this.#handshake.respond(bytes)));
        this.#state = "finish";
        return;
      case "finish":
        this.#ciphers = this.#handshake.finish(bytes);
        this.#state = "open";
        clearTimeout(this.#timeout);
        this.#owner.authenticate(this, this.#ciphers);
        return;
      case "open":
        if (this.#ciphers) this.#handOver(parseNode(this.#ciphers.incoming.decrypt(bytes)));
        return;
      case "closed":
    }
  }

  #handOver(stanza: BinaryNode): void {
    this.recording.note("in", stanza);
    try {
      this.#owner.stanza(this, stanza);
    } catch (error) {
      // The stream itself is sound: one stanza that we cannot handle must not cost the client its connection.
      this.#owner.logger.warn({ err: error, link: this.id, tag: stanza.tag }, "A stanza could not be handled");
    }
  }

  #close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearTimeout(this.#timeout);
    this.#outgoing.close();
    this.#incoming.close();
    this.#owner.closed(this);
  }
}
