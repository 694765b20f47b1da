import type { Text } from "../rig/message-client.ts";
import type { RigSession } from "../rig/open-rig.ts";
import type { Scene } from "./scene.ts";

/** Load of one scenario: texts in turn to all its chats. */
export interface Load {
  /** Messages asked for so far. */
  posted(): number;
  /** Messages that phones show, of this scenario. */
  shown(): Promise<number>;
  /** Resolves when all are accepted. */
  done: Promise<void>;
}

export interface LoadPlan {
  messages: number;
  chats: number;
  batch: number;
  /** How many may be accepted and not yet shown before the next batch waits. */
  backlog: number;
}

/** Number of a scenario's n-th chat: every third decrypts, the others confirm blindly (a rule on the digit 9). */
export function chatNumber(prefix: string, chat: number): string {
  return `${prefix}${chat % 3 === 0 ? "1" : "9"}${String(chat).padStart(5, "0")}`;
}

/** Numbers of blind phones start so. */
export const blindPrefix = (prefix: string) => `${prefix}9`;

/** Starts to post. Nobody is told of what waits but by the API, as in real life. */
export async function startLoad(scene: Scene, plan: LoadPlan): Promise<Load> {
  const { rig, client, prefix } = scene;
  const before = (await rig.simulator.summary()).messages;
  const shown = async () => (await rig.simulator.summary()).messages - before;
  let posted = 0;

  async function post(): Promise<void> {
    while (posted < plan.messages) {
      await scene.until("the backlog to shrink", async () => posted - (await shown()) < plan.backlog, 600_000);
      const count = Math.min(plan.batch, plan.messages - posted);
      const texts = Array.from({ length: count }, (_, n) => textOf(prefix, plan.chats, rig.sessions, posted + n));
      await client.send(texts);
      posted += count;
    }
  }

  const done = post();
  // Whoever plays the scenario awaits it; until then a failure is not unhandled.
  done.catch(() => undefined);
  return { posted: () => posted, shown, done };
}

function textOf(prefix: string, chats: number, sessions: readonly RigSession[], n: number): Text {
  const chat = n % chats;
  const session = sessions[chat % sessions.length]!;
  const ref = `${prefix}-${n}`;
  return {
    ref,
    session: session.id,
    to: chatNumber(prefix, chat),
    body: `message ${ref} of a run whose every text is its own`,
  };
}
