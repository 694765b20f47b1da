import { createHash } from "node:crypto";
import type { HistoryEvent, LedgerLine, MessageRow } from "../history/events.ts";
import { between, pick, seededRandom } from "../rig/seeded-random.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/**
 * A history in which nothing is wrong: sessions on two workers, requests of which some get no answer, one worker killed
 * in the middle, its sessions taken over, what was in flight repeated under the same id, people writing back.
 */
export function cleanHistory(seed: number): HistoryEvent[] {
  const random = seededRandom(seed);
  const events: HistoryEvent[] = [];
  const sessions = Array.from({ length: between(random, 2, 5) }, (_, n) => ({
    session: `session-${n}`,
    phone: `1555000${n}`,
    shard: n * 7,
    device: 1,
  }));
  for (const session of sessions) {
    events.push({ at: 0, kind: "session", ...session });
    events.push({ at: 0, kind: "owner", shard: session.shard, owner: "a", epoch: 1 });
    events.push({
      at: 10,
      kind: "link",
      link: `a-${session.phone}`,
      phone: session.phone,
      worker: "a",
      open: true,
      frames: 3,
      since: 0,
    });
  }

  const rows: (MessageRow & { at: number })[] = [];
  const chats = between(random, 2, 6);
  for (let n = 0; n < between(random, 20, 60); n++) {
    const { session, phone: sender } = pick(random, sessions);
    const [phone, ref, request] = [`5511${n % chats}`, `ref-${n}`, `request-${n}`];
    const inCampaign = random() < 0.2;
    if (!inCampaign) {
      events.push({ at: 20 + n, kind: "invoke", request, refs: [ref] });
      // No answer: done all the same, or not, and then there is no row.
      if (random() < 0.1) {
        events.push({ at: 20 + n, kind: "info", request, refs: [ref], reason: "no answer in time" });
        if (random() < 0.5) continue;
      } else events.push({ at: 20 + n, kind: "ok", request, refs: [ref], status: 202 });
    }
    rows.push({
      at: 9_000,
      kind: "row",
      id: `id-${n}`,
      ref: inCampaign ? null : ref,
      campaign: inCampaign ? "campaign" : null,
      session,
      sender,
      phone,
      lane: inCampaign ? 1 : 0,
      seq: n + 1,
      wa: `3EB0${n}`,
      status: pick(random, ["sent", "delivered", "read"]),
      textSha256: sha256(ref),
    });
  }
  const recipients = rows.filter(({ campaign }) => campaign !== null).length;
  events.push({ at: 90, kind: "campaign", campaign: "campaign", recipients });

  takeover(events, sessions);
  for (const { session, phone, device } of sessions)
    events.push({ at: 9_000, kind: "session-end", session, phone, status: "connected", devices: [device] });
  events.push(...rows, ...ledgerOf(rows, sessions.length, random));
  for (let n = 0; n < between(random, 5, 15); n++) {
    const { session, phone: to } = pick(random, sessions);
    events.push({ at: 500 + n, kind: "wrote", from: "5522", to, wa: `IN${n}` });
    events.push({ at: 9_000, kind: "stored", session, phone: "5522", wa: `IN${n}`, id: `in-${n}` });
  }
  return events;
}

/** Worker `a` is killed at 1,000 ms and `b` has its sessions from 7,000 ms on. */
function takeover(events: HistoryEvent[], sessions: { phone: string; shard: number }[]): void {
  events.push({ at: 1_000, kind: "strike", strike: "kill", what: "1 of 1", worker: "a", sessions: sessions.length });
  for (const { phone, shard } of sessions) {
    events.push({ at: 900, kind: "link", link: `a-${phone}`, phone, worker: "a", open: true, frames: 40, since: 750 });
    events.push({
      at: 1_050,
      kind: "link",
      link: `a-${phone}`,
      phone,
      worker: "a",
      open: false,
      frames: 40,
      since: 900,
    });
    events.push({ at: 7_000, kind: "owner", shard, owner: "b", epoch: 2 });
    events.push({
      at: 7_400,
      kind: "link",
      link: `b-${phone}`,
      phone,
      worker: "b",
      open: true,
      frames: 5,
      since: 7_250,
    });
  }
}

/** Everything arrives once, in the order of the rows; a few of the messages in flight came twice on the wire. */
function ledgerOf(rows: MessageRow[], sessions: number, random: () => number): (LedgerLine & { at: number })[] {
  let repeats = Math.min(8 * sessions, 3);
  return rows.map(({ phone, sender, wa, textSha256 }, index) => {
    const wire = repeats > 0 && random() < 0.1 ? 2 : 1;
    repeats -= wire - 1;
    const isBlind = random() < 0.5;
    const shown = { visible: 1, undecryptable: 0, textSha256: isBlind ? null : textSha256 };
    return { at: 9_100, kind: "ledger", sequence: index + 1, phone, sender, wa, wire, ...shown };
  });
}
