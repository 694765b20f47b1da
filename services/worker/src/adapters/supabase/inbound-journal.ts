import { mintMessageId } from "@flotilla/shared/contract/ids";
import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import type { InboundJournal, StanzaKey } from "../../ports.ts";
import type { Commit, SessionScope } from "../../store-ports.ts";
import { createGatherer } from "./gather.ts";

const Stanza = z.object({ session_id: z.uuid(), chat: z.string(), participant: z.string(), wa_message_id: z.string() });
const Row = Stanza.extend({ part: z.string(), value: z.string() });
const Waiting = z.object({
  rows: z.array(Row.extend({ no: z.int() })),
  tries: z.array(Stanza.extend({ tries: z.int() })),
});

interface ReadRequest {
  session_id: string;
  chat: string;
  participant: string;
  wa_message_id: string;
  part: string;
}

const readTimeoutMs = 5_000;

/** The inbound journals of one session after another: reads are gathered over all of them, writes ride in the group commit. */
export function createInboundJournals(client: ServiceClient, commit: Commit): (scope: SessionScope) => InboundJournal {
  const options = { timeoutMs: readTimeoutMs };
  const read = createGatherer<ReadRequest, string | null>(async (requests) => {
    const rows = await callFunction(
      client,
      "load_journal",
      { p_requests: requests },
      { ...options, schema: z.array(Row) },
    );
    const values = new Map(rows.map((row) => [nameOf(row), row.value]));
    return requests.map((request) => values.get(nameOf(request)) ?? null);
  }, 100);
  const waiting = createGatherer<{ session_id: string; after: number }, Awaited<ReturnType<InboundJournal["waiting"]>>>(
    async (requests) => {
      const { rows, tries } = await callFunction(
        client,
        "load_waiting_journal",
        { p_requests: requests },
        { ...options, schema: Waiting },
      );
      return requests.map(({ session_id }) => ({
        rows: rows
          .filter((row) => row.session_id === session_id)
          .map((row) => ({ ...keyOf(row), part: row.part, value: row.value, no: row.no })),
        tries: tries.filter((row) => row.session_id === session_id).map((row) => ({ ...keyOf(row), tries: row.tries })),
      }));
    },
    20,
  );
  return (scope) => ({
    read: ({ chat, participant, waMessageId }, part) =>
      read({ session_id: scope.sessionId, chat, participant, wa_message_id: waMessageId, part }),
    waiting: (after) => waiting({ session_id: scope.sessionId, after }),
    begin: (key) => commit(scope, { trouble: [{ ...key, tries: 1 }] }),
    expect: (key, stub, dueMs) =>
      commit(scope, { trouble: [{ ...key, tries: 0, stub: { ...stub, id: mintMessageId() }, dueMs }] }),
    settle: (key) => commit(scope, { settled: [key] }),
  });
}

function keyOf({ chat, participant, wa_message_id }: z.infer<typeof Stanza>): StanzaKey {
  return { chat, participant, waMessageId: wa_message_id };
}

function nameOf({ session_id, chat, participant, wa_message_id, part }: ReadRequest): string {
  return JSON.stringify([session_id, chat, participant, wa_message_id, part]);
}
