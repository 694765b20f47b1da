/** A stream of numbers in [0, 1) that follows from a seed alone. */
export type Random = () => number;

/** mulberry32: 32 bits of state, good enough to choose victims and delays, and the same on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A stream of its own for a named part, so that another part that draws more or less changes nothing for it. */
export function forkRandom(seed: number, part: string): Random {
  let hash = seed >>> 0;
  for (const letter of part) hash = Math.imul(hash ^ letter.codePointAt(0)!, 0x01000193) >>> 0;
  return seededRandom(hash);
}

/** A whole number from `least` to `most`, both included. */
export function between(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** One of the items. @throws on an empty list */
export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("there is nothing to pick from");
  return item;
}
