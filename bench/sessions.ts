import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { openBenchPlatform, until, type BenchPlatform } from "./platform.ts";
import { cpuSecondsOf, rssKibOf } from "./process-figures.ts";
import { median, reportOf, rowOf, type BenchReport } from "./report.ts";

const SENDERS = 20;
const FIRST_PHONE = 15_559_000_000;
const FIRST_BARE_PHONE = 15_558_000_000;
/** As many as our worker opens at once. */
const DIALS_AT_ONCE = 10;

interface Fleet {
  rssKib: number;
  idleCpu: number;
  loginsPerSecond: number;
  cpuPerLogin: number;
}

/**
 * What linked accounts cost one worker while nobody writes, how fast they come back when all links are cut at once, and
 * whether they make the sends of others dearer; beside as many unmodified Baileys sockets with in-memory keys in one
 * process, on the same simulator, one after the other.
 *
 * @param count sessions; 60 with `quick`, else 300
 */
export async function benchSessions({
  quick,
  count = quick ? 60 : 300,
}: {
  quick: boolean;
  count?: number;
}): Promise<BenchReport> {
  const rounds = quick ? 2 : 3;
  const messages = Array.from({ length: quick ? 400 : 2_000 }, (_, index) => String(15_550_200_000 + index));
  // The baseline knows no limit of dials either.
  await using platform = await openBenchPlatform({ FLEET_DIALS_PER_SECOND: "1000" });
  const bare = await measureBare(platform, count, rounds);

  const emptyRss = rssKibOf(platform.workerPid());
  await platform.pairSessions(SENDERS, FIRST_PHONE);
  await platform.runCampaign(messages);
  const alone = await cpuPerMessage(platform, messages);
  await platform.pairSessions(count - SENDERS, FIRST_PHONE + SENDERS);
  const ours = await measureFleet(platform, { pid: platform.workerPid(), emptyRss, count, rounds });
  const accompanied = await cpuPerMessage(platform, messages);

  const lower = { lowerIsBetter: true };
  const row = (what: string, unit: string, aim: number | null, pick: (fleet: Fleet) => number) => ({
    what,
    unit,
    aim,
    ours: pick(ours),
    baseline: pick(bare),
  });
  return reportOf("sessions", [
    rowOf(
      row(`memory of each of ${count} idle sessions`, "KiB", 1.3, ({ rssKib }) => rssKib),
      lower,
    ),
    rowOf(
      row("CPU of each idle session", "ms/s", null, ({ idleCpu }) => idleCpu),
      lower,
    ),
    rowOf(row("logins after all links were cut at once", "logins/s", 1, ({ loginsPerSecond }) => loginsPerSecond)),
    rowOf(
      row("CPU of each login", "ms", 1, ({ cpuPerLogin }) => cpuPerLogin),
      lower,
    ),
    rowOf(
      {
        what: `CPU of a message, ${count - SENDERS} idle sessions beside it or none`,
        unit: "ms",
        aim: 1.2,
        ours: accompanied,
        baseline: alone,
      },
      lower,
    ),
  ]);
}

async function measureBare(platform: BenchPlatform, count: number, rounds: number): Promise<Fleet> {
  const task = { ...platform.network, sockets: count, firstPhone: FIRST_BARE_PHONE, dialsAtOnce: DIALS_AT_ONCE };
  const child = spawn(process.execPath, [new URL("./bare-fleet.ts", import.meta.url).pathname, JSON.stringify(task)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (expected: string): Promise<void> => {
    const { value } = await lines.next();
    if (value !== expected) throw new Error(`the bare fleet said ${value ?? "nothing"} instead of ${expected}`);
  };
  try {
    await line("ready");
    const emptyRss = rssKibOf(child.pid!);
    child.stdin.write("go\n");
    await line("up");
    return await measureFleet(platform, { pid: child.pid!, emptyRss, count, rounds });
  } finally {
    child.kill();
  }
}

/** All figures of one process that holds `count` linked sockets. */
async function measureFleet(
  platform: BenchPlatform,
  { pid, emptyRss, count, rounds }: { pid: number; emptyRss: number; count: number; rounds: number },
): Promise<Fleet> {
  const logins: { seconds: number; cpu: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const cpu = cpuSecondsOf(pid);
    const began = performance.now();
    await platform.cutAllLinks();
    await until("all links are back", async () => (await platform.openLinks()) === count, { everyMs: 50 });
    logins.push({ seconds: (performance.now() - began) / 1000, cpu: cpuSecondsOf(pid) - cpu });
    await sleep(2_000);
  }
  const idleSeconds = 10;
  const cpu = cpuSecondsOf(pid);
  await sleep(idleSeconds * 1000);
  return {
    rssKib: (rssKibOf(pid) - emptyRss) / count,
    idleCpu: (1000 * (cpuSecondsOf(pid) - cpu)) / idleSeconds / count,
    loginsPerSecond: count / median(logins.map(({ seconds }) => seconds)),
    cpuPerLogin: (1000 * median(logins.map(({ cpu: used }) => used))) / count,
  };
}

async function cpuPerMessage(platform: BenchPlatform, phones: string[]): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < 3; round++) {
    const before = cpuSecondsOf(platform.workerPid());
    const { sent } = await platform.runCampaign(phones, SENDERS);
    rounds.push((1000 * (cpuSecondsOf(platform.workerPid()) - before)) / sent);
  }
  return median(rounds);
}
