import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { openBenchPlatform, type BenchPlatform } from "./platform.ts";
import { cpuSecondsOf } from "./process-figures.ts";
import { median, reportOf, rowOf, type BenchReport } from "./report.ts";

const SOCKETS = 20;

interface Round {
  sent: number;
  seconds: number;
  cpuSeconds: number;
}

/**
 * Messages a second and CPU for each message, from accepted row to WhatsApp's server ack, of one worker with 20
 * sessions; beside an unmodified Baileys loop with in-memory keys and 20 messages in flight. Both send to known
 * contacts of the same simulator, in turns.
 */
export async function benchSend({ quick }: { quick: boolean }): Promise<BenchReport> {
  const perSocket = quick ? 50 : 200;
  const rounds = quick ? 2 : 4;
  const recipients = Array.from({ length: SOCKETS }, (_, socket) =>
    Array.from({ length: perSocket }, (__, turn) => String(15_550_100_000 + turn * SOCKETS + socket)),
  );
  await using platform = await openBenchPlatform();
  await platform.pairSessions(SOCKETS, 15_559_000_000);
  const list = recipients[0]!.flatMap((_, turn) => recipients.map((own) => own[turn]!));
  await platform.runCampaign(list);

  const bare = openBareSender(platform, recipients, rounds);
  const ours: Round[] = [];
  const baseline: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    baseline.push(await bare.next());
    const cpuBefore = cpuSecondsOf(platform.workerPid());
    const { sent, seconds } = await platform.runCampaign(list);
    ours.push({ sent, seconds, cpuSeconds: cpuSecondsOf(platform.workerPid()) - cpuBefore });
    bare.goOn();
  }
  const rate = (round: Round) => round.sent / round.seconds;
  const cpu = (round: Round) => (1000 * round.cpuSeconds) / round.sent;
  return reportOf("send", [
    rowOf({
      what: "accepted row to server ack, one worker",
      ours: median(ours.map(rate)),
      baseline: median(baseline.map(rate)),
      unit: "messages/s",
      aim: 0.8,
    }),
    rowOf(
      {
        what: "CPU of the sending process",
        ours: median(ours.map(cpu)),
        baseline: median(baseline.map(cpu)),
        unit: "ms/message",
        aim: 2,
      },
      { lowerIsBetter: true },
    ),
  ]);
}

/** The baseline's process; it measures one round at a time, stopped in between so that ours has the machine to itself. */
function openBareSender(platform: BenchPlatform, recipients: string[][], rounds: number) {
  const task = {
    ...platform.network,
    sockets: SOCKETS,
    firstPhone: 15_559_500_000,
    recipients,
    rounds,
    inFlight: SOCKETS,
  };
  const child = spawn(process.execPath, [new URL("./bare-sender.ts", import.meta.url).pathname, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    next: async (): Promise<Round> => {
      const line = await lines.next();
      if (line.done) throw new Error("the bare sender ended before its last round");
      child.kill("SIGSTOP");
      return JSON.parse(line.value) as Round;
    },
    goOn: () => child.kill("SIGCONT"),
  };
}
