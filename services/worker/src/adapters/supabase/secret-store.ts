import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import type { SecretStore } from "../../ports.ts";
import type { Commit, SessionScope } from "../../store-ports.ts";
import { createGatherer } from "./gather.ts";
import { createInboundJournals } from "./inbound-journal.ts";

const Keys = z.array(z.object({ session_id: z.uuid(), type: z.string(), key_id: z.string(), value: z.string() }));

interface KeyRequest {
  session_id: string;
  type: string;
  key_ids: string[];
}

/** Opens the secrets of one session after another: reads are gathered over all of them, writes ride in the group commit. */
export function createSecretStores(client: ServiceClient, commit: Commit): (scope: SessionScope) => SecretStore {
  const readKeys = createGatherer<KeyRequest, Map<string, string>>(async (requests) => {
    const rows = await callFunction(
      client,
      "load_signal_keys",
      { p_requests: requests },
      { timeoutMs: 5_000, schema: Keys },
    );
    return requests.map(
      ({ session_id, type, key_ids }) =>
        new Map(
          rows
            .filter((row) => row.session_id === session_id && row.type === type && key_ids.includes(row.key_id))
            .map((row) => [row.key_id, row.value]),
        ),
    );
  }, 100);
  const journalOf = createInboundJournals(client, commit);
  return (scope) => ({
    journal: journalOf(scope),
    readKeys: async (type, keyIds) =>
      keyIds.length === 0 ? new Map() : await readKeys({ session_id: scope.sessionId, type, key_ids: keyIds }),
    writeKeys: (keys, claim, journal) =>
      commit(scope, {
        keys,
        ...(claim === undefined ? {} : { claims: [claim] }),
        ...(journal === undefined ? {} : { journal }),
      }),
    writeCredentials: (sealed, identity) => commit(scope, { session: { ...identity, auth_state: sealed } }),
  });
}
