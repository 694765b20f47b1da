import type { HistoryEvent } from "../history/events.ts";
import { pick, type Random } from "../rig/seeded-random.ts";
import type { FindingKind } from "./finding.ts";

/** A way to damage a good history, and what the checker must find then. */
export interface Damage {
  does: string;
  finds: FindingKind;
  /** Returns the damaged history; null when this one has nothing to damage so. */
  damage: (events: readonly HistoryEvent[], random: Random) => HistoryEvent[] | null;
}

type Kind = HistoryEvent["kind"];
type Of<K extends Kind> = Extract<HistoryEvent, { kind: K }>;

const of = <K extends Kind>(events: readonly HistoryEvent[], kind: K) =>
  events.filter((event): event is Of<K> => event.kind === kind);

/** Picks an event of a kind and puts others in its place; none drops it. */
function replacing<K extends Kind>(
  kind: K,
  change: (event: Of<K>, events: readonly HistoryEvent[]) => HistoryEvent[],
  suits: (event: Of<K>) => boolean = () => true,
): Damage["damage"] {
  return (events, random) => {
    const candidates = of(events, kind).filter(suits);
    if (candidates.length === 0) return null;
    const chosen = pick(random, candidates);
    return events.flatMap((event) => (event === chosen ? change(chosen, events) : [event]));
  };
}

/** Two messages of one session, chat and lane arrive in each other's place. */
const swapArrivals: Damage["damage"] = (events, random) => {
  const rows = Map.groupBy(of(events, "row"), ({ session, phone, lane }) => `${session} ${phone} ${lane}`);
  const chats = [...rows.values()].filter(({ length }) => length > 1);
  if (chats.length === 0) return null;
  const [early, late] = pick(random, chats);
  const lines = of(events, "ledger");
  const first = lines.findIndex(({ wa }) => wa === early!.wa);
  const second = lines.findIndex(({ wa }) => wa === late!.wa);
  const swapped = lines.map((line, index) =>
    index === first ? lines[second]! : index === second ? lines[first]! : line,
  );
  return [...events.filter(({ kind }) => kind !== "ledger"), ...swapped];
};

const arrived = ({ visible }: Of<"ledger">) => visible > 0;

export const damages: readonly Damage[] = [
  { does: "a shown message is not shown", finds: "lost", damage: replacing("ledger", () => []) },
  {
    does: "an arrival is never decrypted",
    finds: "lost",
    damage: replacing("ledger", (line) => [{ ...line, visible: 0 }]),
  },
  { does: "an acknowledged message has no row", finds: "lost", damage: dropAcknowledged },
  {
    does: "a campaign makes a message too few",
    finds: "lost",
    damage: replacing(
      "row",
      () => [],
      ({ campaign }) => campaign !== null,
    ),
  },
  {
    does: "a phone shows a message twice",
    finds: "duplicate",
    damage: replacing("ledger", (line) => [{ ...line, visible: 2 }], arrived),
  },
  {
    does: "a message comes again under the same id",
    finds: "duplicate",
    damage: replacing("ledger", (line) => [line, line], arrived),
  },
  {
    does: "a text comes again under another id",
    finds: "duplicate",
    damage: replacing(
      "ledger",
      (line) => [line, { ...line, wa: "3EB0FFFF" }],
      ({ textSha256 }) => textSha256 !== null,
    ),
  },
  {
    does: "a phone shows what nobody sent",
    finds: "unexpected",
    damage: replacing("ledger", (line) => [line, { ...line, wa: "3EB0EEEE", textSha256: null }]),
  },
  {
    does: "a row is there that nobody asked for",
    finds: "unexpected",
    damage: replacing("row", (row) => [row, { ...row, ref: "nobody", wa: "3EB0DDDD" }]),
  },
  { does: "two messages of a chat change places", finds: "order_break", damage: swapArrivals },
  {
    does: "a message stays queued",
    finds: "unfinished",
    damage: replacing("row", (row) => [{ ...row, status: "queued" }]),
  },
  {
    does: "a message stays unknown",
    finds: "unfinished",
    damage: replacing("row", (row) => [{ ...row, status: "unknown" }]),
  },
  { does: "a message fails", finds: "failed", damage: replacing("row", (row) => [{ ...row, status: "failed" }]) },
  {
    does: "a ratchet is used twice",
    finds: "undecryptable",
    damage: replacing("ledger", (line) => [{ ...line, undecryptable: 1 }]),
  },
  {
    does: "the old owner's connection carries a frame after the takeover",
    finds: "overlap",
    damage: replacing(
      "link",
      (link) => [link, { ...link, at: 8_000, since: 7_850, frames: 99 }],
      ({ worker, open }) => worker === "a" && open,
    ),
  },
  {
    does: "a worker logs a session in that it does not hold",
    finds: "overlap",
    damage: replacing(
      "link",
      (link) => [link, { ...link, link: "zombie", worker: "c" }],
      ({ open }) => open,
    ),
  },
  {
    does: "two workers hold one shard under one epoch",
    finds: "epoch",
    damage: replacing(
      "owner",
      (owner) => [owner, { ...owner, at: owner.at + 5, owner: "c" }],
      ({ epoch }) => epoch === 2,
    ),
  },
  {
    does: "an epoch goes back",
    finds: "epoch",
    damage: replacing(
      "owner",
      (owner) => [{ ...owner, at: 8_000, epoch: 0 }, owner],
      ({ epoch }) => epoch === 2,
    ),
  },
  {
    does: "a session is linked anew",
    finds: "repaired",
    damage: replacing("session-end", (end) => [{ ...end, devices: [2] }]),
  },
  {
    does: "a session is linked twice",
    finds: "repaired",
    damage: replacing("session-end", (end) => [{ ...end, devices: [1, 2] }]),
  },
  {
    does: "a code is shown for a linked session",
    finds: "repaired",
    damage: replacing("strike", (strike) => [strike, { at: 5, kind: "log", worker: "b", what: "paired-anew" }]),
  },
  {
    does: "a session does not come back",
    finds: "not_connected",
    damage: replacing("session-end", (end) => [{ ...end, status: "conflict" }]),
  },
  {
    does: "more is repeated than was in flight",
    finds: "repeats",
    damage: replacing("ledger", (line) => [{ ...line, wire: 60 }]),
  },
  { does: "an inbound message is not stored", finds: "inbound_lost", damage: replacing("stored", () => []) },
  {
    does: "an inbound message is stored twice",
    finds: "inbound_double",
    damage: replacing("stored", (row) => [row, { ...row, id: "again" }]),
  },
  {
    does: "the queue gives a job up",
    finds: "job_given_up",
    damage: replacing("strike", (strike) => [strike, { at: 5, kind: "log", worker: "b", what: "job-given-up" }]),
  },
];

/** Neither row nor arrival of a message that was acknowledged. */
function dropAcknowledged(events: readonly HistoryEvent[], random: Random): HistoryEvent[] | null {
  const acknowledged = new Set(of(events, "ok").flatMap(({ refs }) => refs));
  const rows = of(events, "row").filter(({ ref }) => ref !== null && acknowledged.has(ref));
  if (rows.length === 0) return null;
  const { ref, wa } = pick(random, rows);
  return events.filter(
    (event) => !(event.kind === "row" && event.ref === ref) && !(event.kind === "ledger" && event.wa === wa),
  );
}
