import type { FleetShard, ShardMove, Worker } from "@flotilla/shared/contract/http-fleet";
import type { LeaseEnd } from "@flotilla/shared/contract/http-timeline";
import { formatCount } from "./format.ts";

/** How a shard looks on the map: nothing to run, all its sessions up, or some of them not. */
export type ShardLook = "empty" | "up" | "partly";

const upStatuses: readonly string[] = ["connected", "syncing"];

export const countSessions = ({ sessions }: FleetShard): number =>
  Object.values(sessions).reduce((sum, count) => sum + count, 0);

/** How many sessions of a shard are linked to WhatsApp now. */
export const countUp = ({ sessions }: FleetShard): number =>
  upStatuses.reduce((sum, status) => sum + (sessions[status] ?? 0), 0);

export function lookOf(shard: FleetShard): ShardLook {
  const total = countSessions(shard);
  if (total === 0) return "empty";
  return countUp(shard) === total ? "up" : "partly";
}

/** Moves that belong together: one worker's shards going to one other for one reason, each within five seconds of the next. */
export interface MoveGroup extends Omit<ShardMove, "shard"> {
  shards: number[];
}

const togetherMs = 5_000;

/** Groups moves, latest first, as they come. */
export function groupMoves(moves: readonly ShardMove[]): MoveGroup[] {
  const groups: MoveGroup[] = [];
  const earliest = new Map<MoveGroup, number>();
  for (const { shard, ...move } of moves) {
    const at = Date.parse(move.at);
    const group = groups.find(
      (one) =>
        one.from === move.from &&
        one.to === move.to &&
        one.reason === move.reason &&
        earliest.get(one)! - at <= togetherMs,
    );
    if (group === undefined) groups.push({ ...move, shards: [shard] });
    else group.shards.push(shard);
    earliest.set(group ?? groups.at(-1)!, at);
  }
  return groups;
}

/** Whether a shard came to its holder just now. */
export const hasJustMoved = ({ since }: FleetShard, nowMs: number): boolean =>
  since !== null && nowMs - Date.parse(since) < 10_000;

/** What a drain will do, for the person about to ask for it. */
export function drainConsequence(worker: Worker, workers: readonly Worker[]): string {
  const others = workers.filter(({ id, state }) => id !== worker.id && state === "ready").length;
  const load = `${plural(worker.shards, "shard")} with ${plural(worker.sessions, "session")}`;
  if (others === 0)
    return `No other worker is ready: its ${load} would stand still, and nothing would be sent or received, until one comes or you let this one take shards again.`;
  return `Its ${load} move to ${others === 1 ? "the other worker" : `the ${others} others`}, one shard after another; each session reconnects within seconds and loses nothing. The worker goes on running without shards until you let it take some again.`;
}

/** `1 shard`, `2 shards`. */
export const plural = (count: number, word: string): string => `${formatCount(count)} ${word}${count === 1 ? "" : "s"}`;

/** `worker-1a2b3c4d` as it is, anything longer cut. */
export const shortWorker = (id: string): string => (id.length <= 20 ? id : `${id.slice(0, 19)}…`);

/** Which shards moved: by number while that can be read, else how many. */
export function shardsWords({ shards }: Pick<MoveGroup, "shards">): string {
  if (shards.length > mostNamed) return plural(shards.length, "shard");
  const numbers = shards.toSorted((one, other) => one - other).join(", ");
  return `${shards.length === 1 ? "Shard" : "Shards"} ${numbers}`;
}

const mostNamed = 6;

/** Where they came from: who had them, and why no more. */
export function moveWords(
  { from, to, reason }: Omit<MoveGroup, "shards" | "at">,
  words: Readonly<Record<LeaseEnd, string>>,
) {
  if (from === null) return "taken for the first time";
  if (from === to) return reason === null ? "taken back" : `taken back: it ${words[reason]}`;
  return `from ${shortWorker(from)}${reason === null ? "" : `, which ${words[reason]}`}`;
}
