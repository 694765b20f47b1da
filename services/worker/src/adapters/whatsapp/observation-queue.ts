import type { LinkObservation } from "../../ports.ts";

/**
 * Hands observations over one at a time, in the order in which they were made. What must come first (credentials made
 * durable) is waited for in the same line.
 */
export class ObservationQueue {
  #tail: Promise<void> = Promise.resolve();
  readonly #observe: (observation: LinkObservation) => void | Promise<void>;
  readonly #onFailure: (error: unknown, observation: LinkObservation) => void;

  /** `onFailure` hears of an observer, or a preparation, that failed; the line goes on. */
  constructor(
    observe: (observation: LinkObservation) => void | Promise<void>,
    onFailure: (error: unknown, observation: LinkObservation) => void,
  ) {
    this.#observe = observe;
    this.#onFailure = onFailure;
  }

  /** Adds one; when `first` is given and fails, the observation is dropped. */
  push(observation: LinkObservation, first?: Promise<unknown>): void {
    this.#tail = this.#handOver(this.#tail, observation, first);
    first?.catch(() => {}); // told when its turn comes
  }

  async #handOver(before: Promise<void>, observation: LinkObservation, first?: Promise<unknown>): Promise<void> {
    await before;
    try {
      await first;
      await this.#observe(observation);
    } catch (error) {
      this.#onFailure(error, observation);
    }
  }

  /** Resolves when everything added so far has been handed over. */
  drained(): Promise<void> {
    return this.#tail;
  }
}
