import { mintSessionId } from "@flotilla/shared/contract/ids";
import type { Session, SessionCreate } from "@flotilla/shared/contract/http-sessions";
import { shardOf } from "@flotilla/shared/domain/shard";
import type { Announcer, IdempotencyRequest, NewSession, SessionStore } from "../ports.ts";

export interface CreateSessionDeps {
  sessions: SessionStore;
  announcer: Announcer;
  network: NewSession["network"];
  shardCount: number;
}

/** Stores the row, then tells its shard. The session exists before any socket does. */
export async function createSession(
  deps: CreateSessionDeps,
  request: {
    tenant: string;
    body: SessionCreate;
    idempotency: IdempotencyRequest | null;
    requestId: string;
  },
): Promise<{ session: Session; replayed: boolean }> {
  const { name, display_name, start, metadata } = request.body;
  const id = mintSessionId();
  const { session, shard, heads, replayed } = await deps.sessions.create(request.tenant, {
    id,
    name,
    display_name: display_name ?? null,
    network: deps.network,
    shard: shardOf(id, deps.shardCount),
    start,
    metadata,
    idempotency: request.idempotency,
    request_id: request.requestId,
  });
  deps.announcer.announce({ heads, hints: [{ name: "session.reconcile", payload: { session: session.id }, shard }] });
  return { session, replayed };
}
