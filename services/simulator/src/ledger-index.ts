/**
 * Sequence numbers by key, each list ascending, so that a page starts by a binary search and not by a walk.
 * Most keys have one entry, and a number alone costs a tenth of a list.
 */
export class LedgerIndex {
  readonly #byKey = new Map<string, number | Run>();

  /** `sequence` must be larger than all before it. */
  add(key: string, sequence: number): void {
    const known = this.#byKey.get(key);
    if (known === undefined) this.#byKey.set(key, sequence);
    else if (typeof known === "number") this.#byKey.set(key, { items: [known, sequence], start: 0 });
    else known.items.push(sequence);
  }

  /** Forgets the smallest entry of this key. */
  forgetFirst(key: string): void {
    const known = this.#byKey.get(key);
    if (known === undefined) return;
    if (typeof known === "number" || known.items.length - known.start === 1) {
      this.#byKey.delete(key);
      return;
    }
    known.start += 1;
    if (known.start < 1000 || known.start * 2 < known.items.length) return;
    known.items = known.items.slice(known.start);
    known.start = 0;
  }

  /** The first entry of this key that `fits`; a plain loop, as every message asks. */
  find(key: string, fits: (sequence: number) => boolean): number | undefined {
    const known = this.#byKey.get(key);
    if (known === undefined) return undefined;
    if (typeof known === "number") return fits(known) ? known : undefined;
    for (let index = known.start; index < known.items.length; index++) {
      const sequence = known.items[index] ?? 0;
      if (fits(sequence)) return sequence;
    }
    return undefined;
  }

  /** Entries of this key after `after`, ascending. */
  *after(key: string, after: number): Generator<number> {
    const known = this.#byKey.get(key);
    if (known === undefined) return;
    if (typeof known === "number") {
      if (known > after) yield known;
      return;
    }
    const { items } = known;
    let low = known.start;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((items[middle] ?? 0) > after) high = middle;
      else low = middle + 1;
    }
    for (let index = low; index < items.length; index++) yield items[index] ?? 0;
  }

  clear(): void {
    this.#byKey.clear();
  }
}

interface Run {
  items: number[];
  /** Entries before this one are forgotten. */
  start: number;
}
