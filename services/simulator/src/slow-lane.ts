/**
 * Lets work happen later, never out of order: a link with latency still is a stream.
 * Without latency, and with nothing waiting, work happens at once.
 */
export class SlowLane {
  readonly #delay: () => number;
  #waiting: { work: () => void; at: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `delay`: milliseconds that the next piece takes; asked each time. */
  constructor(delay: () => number) {
    this.#delay = delay;
  }

  push(work: () => void): void {
    const delay = this.#delay();
    if (delay <= 0 && this.#waiting.length === 0) {
      work();
      return;
    }
    const at = Math.max(performance.now() + delay, this.#waiting.at(-1)?.at ?? 0);
    this.#waiting.push({ work, at });
    if (this.#waiting.length === 1) this.#arm();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  #arm(): void {
    const [next] = this.#waiting;
    if (next) this.#timer = setTimeout(() => this.#run(), Math.max(0, next.at - performance.now()));
  }

  #run(): void {
    const now = performance.now();
    // The head stays in line while it works: what it pushes itself goes behind those that are due.
    for (let next = this.#waiting[0]; next && next.at <= now; next = this.#waiting[0]) {
      next.work();
      this.#waiting.shift();
    }
    this.#arm();
  }
}
