import { QueryIds } from "@whiskeysockets/baileys/lib/Types/index.js";
import { newChatCap, reachOutLock } from "../announce-limits.ts";
import { node } from "../protocol/node.ts";
import type { IqAnswer, IqHandlers, IqRequest } from "./iq.ts";

/** The two `w:mex` queries by which an account asks for its limits. Others are recorded and refused. */
export const limitQueries: IqHandlers = { "get w:mex query": answerMex };

function answerMex({ network, companion, subject, iq }: IqRequest): IqAnswer {
  const limits = network.limits.get(companion.address.phone);
  const now = network.now().getTime();
  const asked = subject?.attrs["query_id"] ?? "";
  const answers = new Map<string, () => unknown>([
    [QueryIds.REACHOUT_TIMELOCK, () => ({ xwa2_fetch_account_reachout_timelock: reachOutLock(limits, now) })],
    [QueryIds.MESSAGE_CAPPING_INFO, () => ({ xwa2_message_capping_info: newChatCap(limits, now) })],
  ]);
  const answer = answers.get(asked);
  if (answer) return result(answer());
  network.unknown.record(`w:mex ${asked.slice(0, 50)}`, iq);
  return { error: { code: "501", text: "feature-not-implemented" } };
}

function result(data: unknown): IqAnswer {
  return { content: [node("result", {}, Buffer.from(JSON.stringify({ data })))] };
}
