/** Timers that all end with their owner, so that nothing outlives a closed network. */
export class Scheduler {
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #onError: (error: unknown) => void;

  /** `onError` hears what a scheduled function throws or rejects with. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Runs `work` once, `ms` milliseconds from now, unless the scheduler is closed before. */
  after(ms: number, work: () => void | Promise<void>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#run(work);
    }, ms);
    this.#timers.add(timer);
  }

  /** Runs `work` now; what it rejects with goes to `onError`. */
  detach(work: () => void | Promise<void>): void {
    this.#run(work);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #run(work: () => void | Promise<void>): void {
    new Promise<void>((resolve) => resolve(work())).catch(this.#onError);
  }
}
