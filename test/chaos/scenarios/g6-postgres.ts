import { atLeast, atMost, measured } from "../report/report.ts";
import { chatNumber, startLoad } from "./load.ts";
import { sendsAgainAfter, worstSeconds } from "./recovery.ts";
import type { ProfileName, Scenario } from "./scene.ts";

const sizes: Record<ProfileName, { messages: number; chats: number; holeMs: number; backlog: number }> = {
  tiny: { messages: 200, chats: 40, holeMs: 8_000, backlog: 60 },
  short: { messages: 1_000, chats: 150, holeMs: 20_000, backlog: 120 },
  full: { messages: 10_000, chats: 1_500, holeMs: 60_000, backlog: 400 },
};

/** Postgres is unreachable for everybody, then its connections break all at once. */
export const postgresAway: Scenario = {
  id: "G6",
  title: "Postgres in a black hole, then reset",
  async play(scene) {
    const { rig } = scene;
    const size = sizes[scene.profile];
    const load = await startLoad(scene, { ...size, batch: 20 });
    await scene.until("messages to flow", async () => (await load.shown()) > size.messages / 10);

    scene.strike("break", `Postgres unreachable for ${size.holeMs} ms`);
    // Every link of every worker ends at its deadline, so every session may have messages in flight.
    for (const slot of rig.fleet.slots) scene.strike("break", "its lease will run out", slot);
    rig.stack.postgresProxy.set({ hold: "both" });
    const probes = probe(
      scene.rig.stack.addresses.apiUrl,
      await rig.token(),
      rig.sessions[0]!.id,
      chatNumber(scene.prefix, 0),
    );
    await scene.pause(size.holeMs);
    const answers = await probes.stop();
    rig.stack.postgresProxy.heal();
    scene.strike("heal", "Postgres reachable");
    const afterHole = await sendsAgainAfter(scene, load, 120_000);
    scene.say(
      `sends again ${afterHole === null ? "never" : `${(afterHole / 1_000).toFixed(1)} s`} after the black hole`,
    );

    scene.strike("break", "every connection to Postgres reset");
    for (const slot of rig.fleet.slots) scene.strike("break", "commits under way broke", slot);
    rig.stack.postgresProxy.resetAll();
    const afterReset = await sendsAgainAfter(scene, load, 120_000);
    await load.done;
    return () => ({
      figures: {
        answered_503_with_retry_after: atLeast(
          answers.filter(({ status, retryAfter }) => status === 503 && retryAfter).length,
          1,
        ),
        answered_otherwise: atMost(answers.filter(({ status, retryAfter }) => status !== 503 || !retryAfter).length, 0),
        sends_again_after_hole: atMost(worstSeconds([afterHole]), 20, "s"),
        sends_again_after_reset: atMost(worstSeconds([afterReset]), 20, "s"),
        black_hole: measured(size.holeMs / 1_000, "s"),
      },
    });
  },
};

interface ProbeAnswer {
  status: number;
  retryAfter: boolean;
}

/** Asks the API for a list once a second, and what it answers. */
function probe(apiUrl: string, token: string, session: string, to: string) {
  const answers: ProbeAnswer[] = [];
  const asked: Promise<void>[] = [];
  const ask = async () => {
    const response = await fetch(`${apiUrl}/v1/messages?session=${session}&limit=1&wa_message_id=${to}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(30_000),
    }).catch(() => null);
    answers.push({ status: response?.status ?? 0, retryAfter: response?.headers.has("retry-after") ?? false });
    await response?.body?.cancel();
  };
  const timer = setInterval(() => asked.push(ask()), 1_000);
  return {
    /** Asks no more; resolves with the answers that came while Postgres was away. */
    async stop(): Promise<ProbeAnswer[]> {
      clearInterval(timer);
      const got = [...answers];
      void Promise.all(asked);
      return Promise.resolve(got);
    },
  };
}
