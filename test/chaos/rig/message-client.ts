import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { NewEvent } from "../history/recorder.ts";

const BatchAnswer = z.object({
  results: z.array(z.object({ index: z.int(), outcome: z.enum(["accepted", "duplicate", "rejected"]) })),
});
const Problem = z.object({ code: z.string() });
const Created = z.object({ id: z.uuid(), upload: z.object({ accepted: z.int() }) });

/** A text to be sent; `ref` becomes its `client_ref`. */
export interface Text {
  ref: string;
  session: string;
  to: string;
  body: string;
}

/** Sends as a caller of the public API would, and notes what was asked and what was answered. */
export type MessageClient = ReturnType<typeof createMessageClient>;

const answerWithinMs = 10_000;
const againAfterMs = 1_000;

/** @param giveUp ends the repeats of requests without an answer */
export function createMessageClient(
  apiUrl: string,
  token: () => Promise<string>,
  note: (event: NewEvent) => void,
  giveUp: AbortSignal,
) {
  let requests = 0;

  /** One attempt. Rejects when there is no answer: it may have been done all the same. */
  async function attempt(path: string, key: string, body?: unknown) {
    const response = await fetch(`${apiUrl}${path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${await token()}`,
        "idempotency-key": key,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.any([giveUp, AbortSignal.timeout(answerWithinMs)]),
    });
    const answer: unknown = await response.json();
    return { status: response.status, headers: response.headers, answer };
  }

  return {
    /**
     * Posts texts, all to be accepted. Without an answer, or with one of 5xx or 429, the same request is made again under
     * its idempotency key.
     *
     * @throws when the API refuses any of them
     */
    async send(texts: readonly Text[]): Promise<void> {
      const request = `batch-${++requests}`;
      const refs = texts.map(({ ref }) => ref);
      const items = texts.map(({ ref, session, to, body }) => ({
        session,
        to,
        type: "text",
        text: { body },
        client_ref: ref,
      }));
      for (;;) {
        giveUp.throwIfAborted();
        note({ kind: "invoke", request, refs });
        let got: Awaited<ReturnType<typeof attempt>>;
        try {
          got = await attempt("/v1/messages/batch", `${refs[0]} ${refs.length}`, { items });
        } catch (error) {
          giveUp.throwIfAborted();
          note({ kind: "info", request, refs, reason: error instanceof Error ? error.message : String(error) });
          await sleep(againAfterMs);
          continue;
        }
        const { status, headers, answer } = got;
        if (status < 300) {
          const { results } = BatchAnswer.parse(answer);
          const refused = results.filter(({ outcome }) => outcome === "rejected");
          if (refused.length > 0) throw new Error(`the API rejected ${JSON.stringify(refused[0])}`);
          note({ kind: "ok", request, refs, status });
          return;
        }
        const code = Problem.safeParse(answer).data?.code ?? "no problem document";
        note({ kind: "fail", request, refs, status, code, retryAfter: headers.has("retry-after") });
        if (status !== 429 && status < 500) throw new Error(`the API answers ${status} ${code}`);
        await sleep(1_000 * Number(headers.get("retry-after") ?? 1));
      }
    },

    /** Makes a campaign of one text to at most 10,000 and starts it. @throws on any refusal */
    async startCampaign(
      name: string,
      sessions: readonly string[],
      phones: readonly string[],
      body: string,
    ): Promise<void> {
      const start = await this.prepareCampaign(name, sessions, phones, body);
      await start();
    },
    /** Creates a campaign with its recipients; what it returns starts it. */
    async prepareCampaign(
      name: string,
      sessions: readonly string[],
      phones: readonly string[],
      body: string,
    ): Promise<() => Promise<void>> {
      const post = async (path: string, content?: unknown) => {
        const { status, answer } = await attempt(path, `${name} ${path}`, content);
        if (status >= 300) throw new Error(`POST ${path}: ${status} ${JSON.stringify(answer)}`);
        return answer;
      };
      const content = { type: "text", text: { body } };
      const recipients = phones.map((to) => ({ to }));
      const about = { name, category: "utility", content, sessions, recipients };
      const { id, upload } = Created.parse(await post("/v1/campaigns", about));
      return async () => {
        await post(`/v1/campaigns/${id}/start`);
        note({ kind: "campaign", campaign: id, recipients: upload.accepted });
      };
    },
  };
}
