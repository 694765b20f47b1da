import { AppError } from "@flotilla/shared/contract/problem";
import { monotonicMs, sleep } from "@flotilla/shared/runtime/clock";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { callFunction, DatabaseFault, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import { ClaimRefused, LeaseLost } from "../../ports.ts";
import { isOff } from "../../mechanisms.ts";
import { type Commit, type Lease, type LeaseGuard, type SessionScope, WriteRefused } from "../../store-ports.ts";
import { type CommitEntry, commitPayload, measureWrites, splitBatch, takeBatch } from "./commit-batch.ts";
import { commitUnfenced } from "./unfenced-commit.ts";

const Answer = z.object({
  fenced: z.array(z.int()),
  already: z.array(z.int()),
  refused: z.array(z.object({ id: z.uuid(), reason: z.string() })),
  heads: z.record(z.uuid(), z.int()),
});

export interface GroupCommitOptions {
  /** A client of its own, so that commits and heartbeats never share a connection. */
  client: ServiceClient;
  /** The id under which the worker holds its leases. */
  worker: string;
  guard: LeaseGuard;
  /**
   * Called when the database refuses secrets or the state of a session for good: without them it cannot go on. Other
   * writes concern one message, and whoever asked for them is told.
   */
  refused: (scope: SessionScope) => void;
  /** Called after a commit that appended events: the tenant and its newest sequence. */
  ring: (tenant: string, head: number) => void;
  logger: Logger;
  metrics: {
    committed(seconds: number, rows: number): void;
    retried(): void;
    fenced(rows: number): void;
  };
}

const callTimeoutMs = 3_000;

/**
 * The one writer of a worker. What its sessions ask to persist while a commit is out leaves together in the next one, so
 * a thousand writers cost a few calls; at idle a write leaves at once. One commit is in flight: numbers and ratchets
 * could overtake each other otherwise.
 *
 * A call without an answer is repeated with the same number and content until the lease runs out, which applies it once.
 * Rows the database refuses are tried in ever smaller parts, until only the caller who brought them is rejected.
 */
export function createGroupCommit(options: GroupCommitOptions): { commit: Commit; idle: () => Promise<void> } {
  const { client, worker, guard, ring, refused, logger, metrics } = options;
  const waiting: CommitEntry[] = [];
  let commitNo = 0;
  let working: Promise<void> | null = null;

  const commit: Commit = (scope, writes) =>
    new Promise((resolve, reject) => {
      if (!guard.holds(scope.lease)) return reject(new LeaseLost());
      waiting.push({ scope, writes, ...measureWrites(writes), resolve, reject });
      working ??= work();
    });

  async function work(): Promise<void> {
    // One turn of the loop: writers of the same moment share the commit.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const batch = takeBatch(waiting);
      await write(batch).catch((error: unknown) => {
        logger.error({ error }, "the group commit failed in a way it does not know");
        for (const entry of batch) entry.reject(error as Error);
      });
    }
    working = null;
  }

  async function write(batch: CommitEntry[]): Promise<void> {
    const entries = rejectLost(batch);
    if (entries.length === 0) return;
    const rows = entries.reduce((sum, entry) => sum + entry.rows, 0);
    const args = { p: { worker, commit_no: ++commitNo, ...commitPayload(entries) } };
    for (let attempt = 0; ; attempt++) {
      const begun = monotonicMs();
      try {
        const limits = { timeoutMs: callTimeoutMs, schema: Answer };
        const answer = await (isOff("fence")
          ? commitUnfenced(client, args.p, limits)
          : callFunction(client, "commit_group", args, limits));
        metrics.committed((monotonicMs() - begun) / 1_000, rows);
        settle(entries, answer);
        return;
      } catch (error) {
        if (isRefusal(error)) return await writeInParts(entries, error);
        metrics.retried();
        if (attempt === 0) logger.warn({ error, rows }, "a commit got no answer and is repeated");
      }
      if (!entries.some(({ scope }) => guard.holds(scope.lease))) {
        logger.warn({ rows }, "a commit is given up: its lease ran out before the database answered");
        for (const entry of entries) entry.reject(new LeaseLost());
        return;
      }
      await sleep(Math.min(500, 50 * 2 ** attempt));
    }
  }

  async function writeInParts(entries: CommitEntry[], error: unknown): Promise<void> {
    const parts = splitBatch(entries);
    if (parts.length === 1) {
      const { scope, writes } = entries[0]!;
      logger.error({ error, sessionId: scope.sessionId }, "the database refused what a session wanted to write");
      for (const entry of entries) entry.reject(new WriteRefused(error));
      // The pacing time rides with an outcome, whose writer deals with it.
      if (writes.keys !== undefined || (writes.session !== undefined && writes.marks === undefined)) refused(scope);
      return;
    }
    for (const part of parts) await write(part);
  }

  function settle(entries: CommitEntry[], answer: z.infer<typeof Answer>): void {
    const refusals = new Map(answer.refused.map(({ id, reason }) => [id, reason]));
    const lost = new Map<number, Lease>();
    for (const entry of entries) {
      const { lease } = entry.scope;
      if (answer.fenced.includes(lease.shard)) {
        lost.set(lease.shard, lease);
        metrics.fenced(entry.rows);
        entry.reject(new LeaseLost());
        continue;
      }
      const reason = entry.writes.claims?.map(({ id }) => refusals.get(id)).find((found) => found !== undefined);
      if (reason === undefined) entry.resolve();
      else entry.reject(new ClaimRefused(reason));
    }
    for (const lease of lost.values()) guard.reportFenced(lease);
    for (const [tenant, head] of Object.entries(answer.heads)) ring(tenant, head);
  }

  /** Sorts out entries whose lease is gone already. */
  function rejectLost(batch: CommitEntry[]): CommitEntry[] {
    return batch.filter((entry) => {
      if (guard.holds(entry.scope.lease)) return true;
      entry.reject(new LeaseLost());
      return false;
    });
  }

  return {
    commit,
    /** Resolves when nothing waits to be written. */
    idle: async () => {
      const isWorking = () => working !== null;
      while (isWorking()) await working;
    },
  };
}

/** SQLSTATE classes that blame the rows (cardinality, data, integrity, raised by a function), and a body too large. */
const refusingClasses = new Set(["21", "22", "23", "P0"]);

function isRefusal(error: unknown): boolean {
  const fault = error instanceof AppError && error.cause instanceof DatabaseFault ? error.cause : null;
  if (fault === null) return false;
  return fault.sqlState === null ? fault.status === 413 : refusingClasses.has(fault.sqlState.slice(0, 2));
}
