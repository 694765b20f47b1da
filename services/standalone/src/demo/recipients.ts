/** What a generated list holds besides good lines. */
export type RecipientMix = { lines: number; duplicates: number; invalid: number; seed: number };

/** The mix of the shipped file and, in proportion, of every generated one: a list as people really have them. */
export function usualMix(lines: number, seed: number): RecipientMix {
  return { lines, duplicates: Math.floor(lines * 0.012), invalid: Math.floor(lines * 0.003), seed };
}

/** The text that goes with these lists. */
export const DEMO_TEXT = "Hi {{name}}, your order {{order}} has left our store in {{city}}.";

const NAMES = ["Ana", "Bram", "Chidi", "Dana", "Emeka", "Fatima", "Gita", "Hugo", "Inés", "Jamal", "Kaito", "Leila"];
const CITIES = ["Lisbon", "São Paulo", "Lagos", "Pune", "Utrecht", "Medellín", "Nairobi", "Kraków", "Osaka", "Quito"];
/** Country code 999 is assigned to nobody; 99950 has no special meaning to the simulated network. */
const NUMBER_PREFIX = "99950";

/**
 * Lines of a CSV with the columns `to,name,order,city`, the same for the same mix. Duplicates repeat an earlier number
 * in another spelling; the invalid ones are, in turn, no number, too short a number, and a line without its name.
 */
export function* recipientLines({ lines, duplicates, invalid, seed }: RecipientMix): Generator<string> {
  yield "to,name,order,city\n";
  const random = seededRandom(seed);
  const kinds = spread(lines, duplicates, invalid, random);
  const good: string[] = [];
  let invalidSoFar = 0;
  for (let index = 0; index < lines; index++) {
    const kind = kinds.get(index);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const rest = `A-${String(10_000 + index)},${pick(CITIES)}\n`;
    const name = pick(NAMES);
    if (kind === "duplicate" && good.length > 0) {
      yield `${otherSpelling(pick(good))},${name},${rest}`;
    } else if (kind === "invalid") {
      const bad = [`ask ${name},${name}`, `12345,${name}`, `${numberOf(index)},`];
      yield `${bad[invalidSoFar++ % bad.length]},${rest}`;
    } else {
      const number = numberOf(index);
      // Enough to choose duplicates from; a list of a million must not be held in memory for it.
      if (good.length < 1000) good.push(number);
      yield `${number},${name},${rest}`;
    }
  }
}

function numberOf(index: number): string {
  return `+${NUMBER_PREFIX}${String(index).padStart(7, "0")}`;
}

/** `+999500000042` as `+999 50 000-0042`. */
function otherSpelling(number: string): string {
  return `${number.slice(0, 4)} ${number.slice(4, 6)} ${number.slice(6, 9)}-${number.slice(9)}`;
}

/** Which lines are not good ones, chosen at random but never the first. */
function spread(lines: number, duplicates: number, invalid: number, random: () => number) {
  const kinds = new Map<number, "duplicate" | "invalid">();
  const place = (kind: "duplicate" | "invalid", count: number) => {
    for (let placed = 0; placed < count && kinds.size < lines - 1;) {
      const index = 1 + Math.floor(random() * (lines - 1));
      if (kinds.has(index)) continue;
      kinds.set(index, kind);
      placed += 1;
    }
  };
  place("duplicate", duplicates);
  place("invalid", invalid);
  return kinds;
}

/** mulberry32: small, and the same everywhere. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
