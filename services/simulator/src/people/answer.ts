import { stableFraction } from "../random.ts";
import type { Behaviour } from "./behaviour.ts";

/** What happened: the n-th message (from 1) of one sender to this phone; null when its text was not read. */
export interface Heard {
  readonly phone: string;
  readonly text: string | null;
  readonly turn: number;
  /** Of the network; decides who belongs to a share. */
  readonly seed: number;
}

/** What the person writes back, and how long after delivery. */
export interface Answer {
  readonly text: string;
  readonly afterMs: number;
}

/** The person's answer to a message; undefined: none. Asking to be left alone goes before everything else. */
export function answerTo({ reply, stop }: Behaviour, heard: Heard): Answer | undefined {
  if (stop && stableFraction(heard.seed, `stop ${heard.phone}`) < stop.share && heard.turn >= stop.after_messages) {
    return heard.turn === stop.after_messages ? { text: stop.text, afterMs: stop.after_ms } : undefined;
  }
  if (reply.mode === "none") return undefined;
  const text = replyText(reply, heard);
  return text === null ? undefined : { text, afterMs: reply.after_ms };
}

function replyText(reply: Exclude<Behaviour["reply"], { mode: "none" }>, heard: Heard): string | null {
  switch (reply.mode) {
    case "echo":
      return heard.text ?? "…";
    case "text":
      return reply.text;
    case "keywords": {
      const said = (heard.text ?? "").toLowerCase();
      const found = reply.answers.find(({ contains }) => said.includes(contains.toLowerCase()));
      return found?.text ?? reply.otherwise;
    }
    case "script":
      break;
  }
  const turn = reply.repeat ? (heard.turn - 1) % reply.turns.length : heard.turn - 1;
  return reply.turns[turn] ?? null;
}
