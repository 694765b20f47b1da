/**
 * One at a time for each name, in the order of asking; names do not wait for each other. Holds a name only while somebody
 * is in it or waits.
 */
export class PeerTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` in its turn, in the caller's own async context, and passes on how it ends. */
  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const turn = Promise.withResolvers<void>();
    this.#last.set(name, turn.promise);
    try {
      await before;
      return await work();
    } finally {
      turn.resolve();
      if (this.#last.get(name) === turn.promise) this.#last.delete(name);
    }
  }
}
