import { setTimeout as sleep } from "node:timers/promises";
import type { Verdict } from "../checker/check-history.ts";
import type { HistoryEvent } from "../history/events.ts";
import type { NewEvent } from "../history/recorder.ts";
import type { Figure, ScenarioReport } from "../report/report.ts";
import type { Slot } from "../rig/fleet.ts";
import type { MessageClient } from "../rig/message-client.ts";
import type { Rig } from "../rig/open-rig.ts";
import type { Random } from "../rig/seeded-random.ts";
import type { LinkWatch } from "../rig/watch-links.ts";

export type ProfileName = "short" | "full" | "tiny";

/** What a scenario plays on. */
export interface Scene {
  readonly profile: ProfileName;
  readonly rig: Rig;
  readonly client: MessageClient;
  readonly links: LinkWatch;
  readonly random: Random;
  /** First digits of every number of this scenario. */
  readonly prefix: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  note: (event: NewEvent) => void;
  say(sentence: string): void;
  /** Writes down a strike, with the sessions the slot's worker has at this moment. */
  strike(what: "kill" | "freeze" | "resume" | "term" | "break" | "heal", detail: string, slot?: Slot): void;
  /** Resolves when the condition holds. @throws naming what was waited for, or on Ctrl-C */
  until(what: string, condition: () => boolean | Promise<boolean>, timeoutMs?: number): Promise<void>;
  /** @throws on Ctrl-C */
  pause(ms: number): Promise<void>;
}

/** What a scenario measured besides what the checker finds in every history. */
export type Figures = Record<string, Figure>;

export interface Scenario {
  id: string;
  title: string;
  /** Does it. Afterwards the runner heals everything, waits for the end of every message and judges the history. */
  play(scene: Scene): Promise<Judge>;
}

/** Figures of this scenario from its history; `also` are goals that are measured by the same run. */
export type Judge = (
  verdict: Verdict,
  events: readonly HistoryEvent[],
) => { figures: Figures; also?: Pick<ScenarioReport, "id" | "title" | "figures">[] };

/** See `Scene.until`. */
export async function waitUntil(
  signal: AbortSignal,
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 120_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs / 1_000} s for ${what}`);
    await sleep(250, undefined, { signal });
  }
}
