import type { BatchResult, MessageBatch } from "@flotilla/shared/contract/http-messages";
import { mintUuid } from "@flotilla/shared/contract/ids";
import type { AppError } from "@flotilla/shared/contract/problem";
import type { z } from "zod";
import { prepareMessage } from "../domain/prepare-message.ts";
import { invalid } from "../domain/field-errors.ts";
import type { AcceptedRows, Announcer, IdempotencyRequest, MessageStore, NewMessage } from "../ports.ts";
import { explainRowRefusal } from "./explain-row-refusal.ts";
import { hintsOf, rowOf } from "./rows-of-messages.ts";

type ItemResult = BatchResult["results"][number];

/**
 * Up to 1,000 messages in one transaction, each with an outcome of its own. With `atomic` one bad item refuses them all:
 * `validation_failed` with the pointers of every bad one, and nothing is stored.
 */
export async function sendBatch(
  deps: { messages: MessageStore; announcer: Announcer },
  request: {
    tenant: string;
    body: z.infer<typeof MessageBatch>;
    idempotency: IdempotencyRequest | null;
    requestId: string;
  },
): Promise<{ result: BatchResult; replayed: boolean }> {
  const { items, defaults, atomic } = request.body;
  const rows: NewMessage[] = [];
  const results: ItemResult[] = [];
  for (const [index, item] of items.entries()) {
    const prepared = prepareMessage(withDefaults(item, defaults), `/items/${index}`);
    if ("ok" in prepared) rows.push(rowOf(prepared.ok, index));
    else results.push(rejected(index, invalid(prepared.errors)));
  }
  if (atomic && results.length > 0) throw refuseAll(results);

  const accepted: AcceptedRows =
    rows.length === 0
      ? { batch_id: null, results: [], messages: {}, wakes: [], heads: {}, replayed: false }
      : await deps.messages.accept(request.tenant, {
          rows,
          atomic,
          batch_id: mintUuid(),
          idempotency: request.idempotency,
          request_id: request.requestId,
        });
  deps.announcer.announce({ heads: accepted.heads, hints: hintsOf(accepted.wakes) });

  const byIndex = new Map(rows.map((row) => [row.index, row]));
  for (const found of accepted.results) {
    // Of an atomic batch only the items at fault are told.
    if (found.outcome === "rejected" && found.code === "not_stored") continue;
    if (found.outcome === "rejected")
      results.push(
        rejected(found.index, explainRowRefusal(found.code, byIndex.get(found.index)!, `/items/${found.index}`)),
      );
    else results.push({ index: found.index, outcome: found.outcome, id: found.id, status: found.status });
  }
  if (atomic && results.some((item) => item.outcome === "rejected")) throw refuseAll(results);
  results.sort((a, b) => a.index - b.index);
  const count = (outcome: ItemResult["outcome"]) => results.filter((item) => item.outcome === outcome).length;
  return {
    result: {
      batch_id: accepted.batch_id ?? mintUuid(),
      accepted: count("accepted"),
      duplicate: count("duplicate"),
      rejected: count("rejected"),
      results,
    },
    replayed: accepted.replayed,
  };
}

function withDefaults(item: unknown, defaults: Record<string, unknown>): unknown {
  return item !== null && typeof item === "object" && !Array.isArray(item) ? { ...defaults, ...item } : item;
}

function rejected(index: number, error: AppError): ItemResult {
  const errors = error.errors === undefined ? {} : { errors: error.errors };
  return { index, outcome: "rejected", problem: { code: error.code, detail: error.message, ...errors } };
}

function refuseAll(results: ItemResult[]): AppError {
  return invalid(
    results.flatMap(({ index, problem }) => {
      if (problem === undefined) return [];
      return problem.errors ?? [{ pointer: `/items/${index}`, code: problem.code, message: problem.detail }];
    }),
  );
}
