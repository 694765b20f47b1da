import { monotonicMs } from "@flotilla/shared/runtime/clock";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { MessageFailure } from "../domain/ack-outcome.ts";
import { type Commit, type Mark, type SessionScope, type SessionWrites, WriteRefused } from "../store-ports.ts";

export interface OutcomeWriter {
  /** Writes an outcome; resolves when that has ended one way or the other. */
  mark(change: Mark): Promise<void>;
  /** The message will not be sent. */
  fail(id: string, failure: MessageFailure): Promise<void>;
  /** Outcomes wait too long or too many: nothing new may be claimed, or a crash would repeat it all. */
  isBehind(): boolean;
  /** Messages whose outcome is not durable yet: a read may still find them as they were. */
  ids(): Iterable<string>;
}

const maxUnflushed = 200;
const maxUnflushedMs = 2_000;
/** How old the saved pacing time may be: a crash grants at most this much of a second burst. */
const saveTatEveryMs = 1_000;

/** Writes what became of one session's messages, and now and then its pacing time along with it. */
export function createOutcomeWriter(options: {
  scope: SessionScope;
  commit: Commit;
  tatMs: () => number;
  /** An outcome has been written. */
  written: () => void;
  logger: Logger;
}): OutcomeWriter {
  const { scope, commit, logger } = options;
  const unflushed = new Map<{ id: string }, number>();
  let tatSavedAt = 0;

  async function write(change: Mark): Promise<void> {
    const writes: SessionWrites = { marks: [change] };
    if (monotonicMs() - tatSavedAt > saveTatEveryMs) {
      tatSavedAt = monotonicMs();
      writes.session = { pace_tat_ms: Math.round(options.tatMs()) };
    }
    await commit(scope, writes);
  }

  async function mark(change: Mark): Promise<void> {
    unflushed.set(change, monotonicMs());
    try {
      await write(change);
    } catch (error) {
      if (error instanceof WriteRefused) await setAside(change, error);
      // Fenced: the row is resolved by whoever starts the next pump.
      else logger.debug({ error, messageId: change.id }, "an outcome was not written");
    }
    unflushed.delete(change);
    options.written();
  }

  /** The database takes this outcome in no form: the message ends in words that it must take, so that its lane goes on. */
  async function setAside({ id, status }: Mark, error: WriteRefused): Promise<void> {
    logger.error(
      { error, messageId: id, status },
      "the database refused a message's outcome; the message is set aside",
    );
    const detail = `Its outcome (${status}) could not be stored`;
    const failure = { code: "internal", detail, retryable: false };
    await commit(scope, { marks: [{ id, status: "failed", reason: "internal", failure }] }).catch((again: unknown) =>
      logger.error({ error: again, messageId: id }, "a message could not be set aside either"),
    );
  }

  return {
    mark,
    fail: (id, failure) => mark({ id, status: "failed", reason: failure.code, failure }),
    isBehind() {
      const oldest = unflushed.values().next().value;
      return unflushed.size > maxUnflushed || (oldest !== undefined && monotonicMs() - oldest > maxUnflushedMs);
    },
    *ids() {
      for (const { id } of unflushed.keys()) yield id;
    },
  };
}
