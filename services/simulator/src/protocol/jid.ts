import { RecentMap } from "../recent-map.ts";

const PHONE = /^[1-9]\d{6,14}$/;
const LEFT = 10n ** 7n;
const RIGHT = 10n ** 8n;
const ROUNDS = 4n;

/** Which of a person's two addresses a JID uses: phone number or hidden id. */
export type Addressing = "pn" | "lid";

/** A parsed JID of a person's device; device 0 is the phone itself. */
export interface PersonJid {
  readonly kind: Addressing;
  /** Phone number, digits only, also when the JID named the LID. */
  readonly phone: string;
  readonly device: number;
}

/** True for an international number: 7 to 15 digits, no plus, no leading zero. */
export function isPhone(text: string): boolean {
  return PHONE.test(text);
}

const LAST_GENERATION = 8;

/**
 * How often a number changed its hidden id; absent: never. The one table that belongs to the address space itself, and
 * so to the process: with two networks in one process a number has the same hidden id in both.
 */
const generations = new Map<string, number>();

/** Big numbers are slow, and every message asks several times. */
const computed = new RecentMap<string, string>(50_000);

/** How often this number has changed its hidden id. */
export function lidGeneration(phone: string): number {
  return generations.get(phone) ?? 0;
}

/** Sets how often this number has changed its hidden id, 0 to 8. Older ids keep leading to the number. */
export function setLidGeneration(phone: string, generation: number): void {
  if (generation === 0) generations.delete(phone);
  else generations.set(phone, Math.min(generation, LAST_GENERATION));
}

/**
 * The hidden id of a phone number, by default the one it has now.
 * Real LIDs come from a table at the server; here it is a permutation of the number, so that either address can be
 * computed from the other without a store, today and after a restart. The first digit tells the generation.
 */
export function lidOf(phone: string, generation = lidGeneration(phone)): string {
  const key = generation === 0 ? phone : `${phone}/${generation}`;
  const known = computed.get(key);
  if (known !== undefined) return known;
  const lid = permuted(phone, generation);
  computed.set(key, lid);
  return lid;
}

function permuted(phone: string, generation: number): string {
  const value = BigInt(phone);
  let left = value / RIGHT;
  let right = value % RIGHT;
  for (let round = 0n; round < ROUNDS; round++) {
    left = (left + scramble(right, round)) % LEFT;
    right = (right + scramble(left, round + 7n)) % RIGHT;
  }
  return `${generation + 1}${(left * RIGHT + right).toString().padStart(15, "0")}`;
}

/** The phone number behind a LID user part, or undefined when no number has that LID. */
export function phoneOfLid(lid: string): string | undefined {
  if (!/^[1-9]\d{15}$/.test(lid)) return undefined;
  const value = BigInt(lid.slice(1));
  let left = value / RIGHT;
  let right = value % RIGHT;
  for (let round = ROUNDS - 1n; round >= 0n; round--) {
    right = (((right - scramble(left, round + 7n)) % RIGHT) + RIGHT) % RIGHT;
    left = (((left - scramble(right, round)) % LEFT) + LEFT) % LEFT;
  }
  const phone = (left * RIGHT + right).toString();
  return isPhone(phone) ? phone : undefined;
}

/** Parses `<user>[:device]@(s.whatsapp.net|c.us|lid)`; undefined for groups, servers and anything else. */
export function tryParsePersonJid(jid: string | undefined): PersonJid | undefined {
  const match = /^(\d+)(?:_\d+)?(?::(\d{1,3}))?@(s\.whatsapp\.net|c\.us|lid)$/.exec(jid ?? "");
  if (!match) return undefined;
  const kind: Addressing = match[3] === "lid" ? "lid" : "pn";
  const user = match[1] ?? "";
  const phone = kind === "lid" ? phoneOfLid(user) : user;
  if (phone === undefined || !isPhone(phone)) return undefined;
  return { kind, phone, device: Number(match[2] ?? 0) };
}

/** The JID of a device of this number, in the given addressing; device 0 is written without a suffix. */
export function personJid(phone: string, kind: Addressing, device = 0): string {
  const user = kind === "lid" ? lidOf(phone) : phone;
  return `${user}${device === 0 ? "" : `:${device}`}@${kind === "lid" ? "lid" : "s.whatsapp.net"}`;
}

function scramble(half: bigint, round: bigint): bigint {
  let x = (half + 1n) * (0x9e3779b97f4a7c15n + round * 0xc2b2ae3d27d4eb4fn);
  x = BigInt.asUintN(64, x);
  x ^= x >> 29n;
  x = BigInt.asUintN(64, x * 0xbf58476d1ce4e5b9n);
  return x ^ (x >> 32n);
}
