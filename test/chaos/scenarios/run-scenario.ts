import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { checkHistory, type Verdict } from "../checker/check-history.ts";
import { openRecorder } from "../history/recorder.ts";
import { atMost, type Figure, type ScenarioReport } from "../report/report.ts";
import { createMessageClient } from "../rig/message-client.ts";
import type { Rig } from "../rig/open-rig.ts";
import { forkRandom } from "../rig/seeded-random.ts";
import { watchLinks } from "../rig/watch-links.ts";
import { markNow, noteBeginning, noteEnd } from "./collect.ts";
import { blindPrefix } from "./load.ts";
import { type ProfileName, type Scenario, type Scene, waitUntil } from "./scene.ts";

/** How long after a scenario a session may take to be connected, and how long nothing may move before it is at rest. */
const settleMs: Record<ProfileName, number> = { tiny: 60_000, short: 60_000, full: 120_000 };

export interface RunOptions {
  profile: ProfileName;
  /** Of the n-th scenario of this run: each has numbers of its own. */
  place: number;
  signal: AbortSignal;
  say: (sentence: string) => void;
}

/** Plays a scenario on a rig and judges its history. @throws when it could not be measured */
export async function runScenario(rig: Rig, scenario: Scenario, options: RunOptions): Promise<ScenarioReport[]> {
  const { profile, signal } = options;
  const say = (sentence: string) => options.say(`${scenario.id}: ${sentence}`);
  const began = performance.now();
  const prefix = `5511${String(10 + options.place)}`;
  const recorder = openRecorder(join(rig.folder, `history-${scenario.id}.jsonl`));
  const note: Scene["note"] = (event) => recorder.note(event);
  await makeWhole(rig, signal);
  await rig.simulator.rule(prefix, { reads_after_ms: "never" });
  // Crypto is most of the load of a large run; in a small one every phone decrypts, so that a reused ratchet shows.
  if (profile === "full") await rig.simulator.rule(blindPrefix(prefix), { crypto: "blind", reads_after_ms: "never" });

  const marks = await markNow(rig);
  await noteBeginning(rig, note);
  rig.listen(note);
  const phones = new Set(rig.sessions.map(({ phone }) => phone));
  const links = watchLinks(rig.simulator, rig.fleet.slots, phones, recorder.note);
  const scene: Scene = {
    profile,
    rig,
    client: createMessageClient(rig.stack.addresses.apiUrl, rig.token, note, signal),
    links,
    random: forkRandom(rig.seed, scenario.id),
    prefix,
    signal,
    note,
    say,
    strike: (strike, what, slot) =>
      note({ kind: "strike", strike, what, worker: slot?.worker ?? null, sessions: slot ? links.sessionsOf(slot) : 0 }),
    until: (what, condition, timeoutMs) => waitUntil(signal, what, condition, timeoutMs),
    pause: (ms) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason as Error)), { once: true });
      }),
  };
  try {
    const judge = await scenario.play(scene);
    await settle(rig, profile, signal, say);
    await links[Symbol.asyncDispose]();
    rig.listen(() => undefined);
    await noteEnd(rig, prefix, marks, recorder.note);
    const verdict = checkHistory(recorder.events());
    const { figures, also = [] } = judge(verdict, recorder.events());
    const main = reportOf(
      scenario,
      verdict,
      { ...figures, ...commonFigures(verdict) },
      (performance.now() - began) / 1_000,
    );
    return [main, ...also.map((goal) => reportOf(goal, null, goal.figures, 0))];
  } finally {
    await links[Symbol.asyncDispose]();
    rig.listen(() => undefined);
    await recorder.close();
  }
}

/** Every way clear, every process running, every session connected: how each scenario begins and ends. */
async function makeWhole(rig: Rig, signal: AbortSignal, timeoutMs = 90_000): Promise<void> {
  heal(rig);
  await Promise.all(rig.fleet.slots.map((slot) => rig.fleet.start(slot)));
  await everySessionConnected(rig, signal, timeoutMs);
}

async function everySessionConnected(rig: Rig, signal: AbortSignal, timeoutMs: number): Promise<void> {
  await waitUntil(
    signal,
    "every session to be connected",
    async () => (await rig.database.sessions()).every(({ status }) => status === "connected"),
    timeoutMs,
  );
}

async function settle(
  rig: Rig,
  profile: ProfileName,
  signal: AbortSignal,
  say: (sentence: string) => void,
): Promise<void> {
  // What does not come to rest in time is for the checker to find.
  await makeWhole(rig, signal, settleMs[profile]).catch((error: Error) => {
    signal.throwIfAborted();
    say(error.message);
  });
  // As long as anything moves there is something to wait for, however slow the machine.
  let left = await rig.database.unfinished();
  let movedAt = performance.now();
  while (left > 0 && performance.now() - movedAt < settleMs[profile]) {
    await sleep(500, undefined, { signal });
    const now = await rig.database.unfinished();
    if (now !== left) movedAt = performance.now();
    left = now;
  }
  if (left > 0) say(`${left} messages have no end and nothing has moved for ${settleMs[profile] / 1_000} s`);
  let before = -1;
  await waitUntil(signal, "the phones to fall silent", async () => {
    const { visible_copies: now } = await rig.simulator.summary();
    const isQuiet = now === before;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return isQuiet;
  });
  // A link may have ended meanwhile for what was done to it: the library notices a stepped clock with its next ping.
  await everySessionConnected(rig, signal, settleMs[profile]).catch((error: Error) => {
    signal.throwIfAborted();
    say(error.message);
  });
}

function heal(rig: Rig): void {
  rig.stack.postgresProxy.heal();
  for (const slot of rig.fleet.slots) {
    for (const way of Object.values(slot.ways)) way.heal();
    if (slot.frozen) rig.fleet.resume(slot);
  }
}

function commonFigures({ counts, messages, inbound }: Verdict): Record<string, Figure> {
  return {
    unexpected: atMost(counts.unexpected, 0),
    unfinished: atMost(counts.unfinished, 0),
    failed: atMost(counts.failed, 0),
    undecryptable: atMost(counts.undecryptable, 0),
    owner_overlaps: atMost(counts.overlap + counts.epoch, 0),
    re_pairs: atMost(counts.repaired, 0),
    not_connected: atMost(counts.not_connected, 0),
    jobs_given_up: atMost(counts.job_given_up, 0),
    ...(messages.accepted > 0 ? { shown: atLeastShown(messages) } : {}),
    ...(inbound.wrote > 0
      ? { inbound_lost: atMost(counts.inbound_lost, 0), inbound_double: atMost(counts.inbound_double, 0) }
      : {}),
  };
}

function atLeastShown({ accepted, shown }: Verdict["messages"]): Figure {
  return { value: shown, unit: "messages", aim: `≥ ${accepted}`, holds: shown >= accepted };
}

function reportOf(
  { id, title }: Pick<Scenario, "id" | "title">,
  verdict: Verdict | null,
  figures: Record<string, Figure>,
  seconds: number,
): ScenarioReport {
  const lost = verdict?.counts.lost ?? 0;
  const duplicates = verdict?.counts.duplicate ?? 0;
  const orderBreaks = verdict?.counts.order_break ?? 0;
  const holds =
    lost + duplicates + orderBreaks === 0 && Object.values(figures).every((figure) => figure.holds !== false);
  return {
    id,
    title,
    accepted: verdict?.messages.accepted ?? 0,
    lost,
    duplicates,
    order_breaks: orderBreaks,
    figures,
    holds,
    counterexample:
      verdict?.first === null || verdict === null ? null : `${verdict.first.kind}: ${verdict.first.detail}`,
    not_built: null,
    seconds: Math.round(seconds * 10) / 10,
  };
}
