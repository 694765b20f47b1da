import { AsyncLocalStorage } from "node:async_hooks";
import type { Claim } from "../../ports.ts";

/**
 * One message on its way through the library: carries the claim to the first ratchet write of that message, and tells
 * every further encryption of it how the claim ended.
 */
export class OutboundSend {
  readonly #claim: Claim;
  readonly #onWritten: () => void;
  #outcome: Promise<void> | undefined;
  #stopped: Error | undefined;
  #claimed = false;
  #written = false;

  /** @param onWritten called when its first frame leaves */
  constructor(claim: Claim, onWritten: () => void = () => {}) {
    this.#claim = claim;
    this.#onWritten = onWritten;
  }

  /** The claim was committed: the row says `sending`. */
  get wasClaimed(): boolean {
    return this.#claimed;
  }

  /** A frame left after the first ciphertext existed: the message may be on the wire. */
  get wasWritten(): boolean {
    return this.#written;
  }

  /** Why this message must not be encrypted any more. */
  get stopped(): Error | undefined {
    return this.#stopped;
  }

  /** Lets `write` take the claim along if no earlier write of this message did. */
  async ride(write: (claim?: Claim) => Promise<void>): Promise<void> {
    if (this.#outcome) return write();
    this.#outcome = this.#settle(write(this.#claim));
    await this.#outcome;
  }

  /** Resolves when the claim is committed; rejects as it was refused or failed. Resolves when no write has taken it yet. */
  async outcome(): Promise<void> {
    await this.#outcome;
  }

  /** @throws the reason why this message must not be encrypted */
  assertGoing(): void {
    if (this.#stopped) throw this.#stopped;
  }

  /** Nothing of this message may be encrypted from now on. */
  stop(reason: Error): void {
    this.#stopped ??= reason;
  }

  /** The raw socket took a frame in the async context of this send. */
  frameWritten(): void {
    if (!this.#claimed || this.#written) return;
    this.#written = true;
    this.#onWritten();
  }

  async #settle(write: Promise<void>): Promise<void> {
    try {
      await write;
      this.#claimed = true;
    } catch (error) {
      this.stop(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }
}

/** The send in whose async context we are. Leaks into work that the library detaches from a send, which never encrypts. */
export const currentSend = new AsyncLocalStorage<OutboundSend>();
