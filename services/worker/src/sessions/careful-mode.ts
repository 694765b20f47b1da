import type { OutboundRow } from "../ports.ts";
import type { Slots } from "./slots.ts";

/** Counted attempts after which a message is given up: each of them cost a worker its life. */
export const maxDeaths = 3;

export interface CarefulMode {
  /** A lane as a read found it: rows from `nextSeq` on came later, so none of them killed anybody. */
  sawLane(lane: number, nextSeq: number): void;
  /** Whether the row has to be counted, in a commit of its own, before it is touched. */
  isSuspect(row: OutboundRow): boolean;
  /** Waits until the row may be counted; the function ends its turn. A row that was counted before is tried alone. */
  admit(row: OutboundRow): Promise<() => void>;
  /** The row was counted; it is not again by this process. */
  counted(row: OutboundRow): void;
}

/**
 * Finds the message that kills whoever touches it. After an owner died without a word (`unclean`) the first row of each
 * chat in each lane is counted before it is touched, and so is everything found on the wire: the message that did it was
 * on its way, and only the first of a chat is. What has been counted once and has no end is tried alone in the whole
 * process (`alone`), so that no message is blamed for its neighbour. It lives as long as a session's runner, since a link
 * that closes says nothing about its messages.
 */
export function createCarefulMode({ unclean, alone }: { unclean: boolean; alone: Slots }): CarefulMode {
  const borders = new Map<number, number>();
  const passed = new Set<string>();
  const countedHere = new Set<string>();
  const placeOf = ({ chat_id, lane }: OutboundRow) => `${lane} ${chat_id}`;

  return {
    sawLane(lane, nextSeq) {
      if (unclean && !borders.has(lane)) borders.set(lane, nextSeq);
    },
    isSuspect(row) {
      if (!unclean || countedHere.has(row.id)) return false;
      if (row.status !== "queued") return true;
      return row.seq < (borders.get(row.lane) ?? Infinity) && !passed.has(placeOf(row));
    },
    admit: (row) => (row.deaths > 0 ? alone.acquire() : Promise.resolve(() => {})),
    counted(row) {
      countedHere.add(row.id);
      passed.add(placeOf(row));
    },
  };
}
