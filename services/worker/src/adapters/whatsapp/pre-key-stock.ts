import type { BinaryNode, WASocket } from "@whiskeysockets/baileys";
import { monotonicMs, sleep } from "@flotilla/shared/runtime/clock";
import type { Logger } from "@flotilla/shared/runtime/logger";

export interface PreKeyStockOptions {
  socket: Pick<WASocket, "query" | "uploadPreKeys">;
  /** The first look is after a third of it, a failed one is repeated after it, then twice as long, at most eight times. */
  retryMs: number;
  logger: Logger;
}

/** What the library keeps on the server at least, and what it uploads when there is nothing (its MIN and INITIAL counts). */
const least = 5;
const fullStock = 812;

/**
 * Sees that WhatsApp has one-time keys of this device. The library looks once, while it logs in: it takes a query without
 * an answer for a good one and gives up after three failed uploads, and a device without keys can then be written to by
 * nobody new. This looks again after the login until the count is good; later shortages the server announces by itself.
 */
export function keepPreKeys({ socket, retryMs, logger }: PreKeyStockOptions) {
  const stopping = new AbortController();
  let low = false;

  async function look(): Promise<void> {
    const count = await countOnServer(socket);
    if (count >= least) {
      low = false;
      return;
    }
    low = true;
    logger.warn({ count }, "WhatsApp runs out of one-time keys of this device; uploading more");
    await socket.uploadPreKeys(count === 0 ? fullStock : least);
    low = (await countOnServer(socket)) < least;
    if (low) throw new Error("the upload had no effect");
  }

  async function lookUntilGood(): Promise<void> {
    await sleep(retryMs / 3, stopping.signal);
    for (let delayMs = retryMs; ; delayMs = Math.min(delayMs * 2, retryMs * 8)) {
      const begunAt = monotonicMs();
      try {
        return await look();
      } catch (error) {
        if (stopping.signal.aborted) return;
        logger.debug({ error, ms: Math.round(monotonicMs() - begunAt) }, "one-time keys could not be looked after");
      }
      await sleep(delayMs, stopping.signal);
    }
  }

  return {
    /** Begins to look; call it once, after the login. */
    start(): void {
      lookUntilGood().catch(() => {}); // stopped while it slept
    },
    stop: () => stopping.abort(),
    areLow: () => low,
  };
}

/** @throws when the server gave no count in time */
async function countOnServer(socket: Pick<WASocket, "query">): Promise<number> {
  const answer: unknown = await socket.query({
    tag: "iq",
    attrs: { xmlns: "encrypt", type: "get", to: "s.whatsapp.net" },
    content: [{ tag: "count", attrs: {} }],
  });
  // The library resolves with undefined when a query times out.
  const content = (answer as BinaryNode | undefined)?.content;
  const count = Array.isArray(content) ? content.find(({ tag }) => tag === "count")?.attrs["value"] : undefined;
  if (count === undefined) throw new Error("the count of one-time keys did not come");
  return Number(count);
}
