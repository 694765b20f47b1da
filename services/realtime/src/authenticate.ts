import { HandshakeAuth, type HandshakeRefusal } from "@flotilla/shared/contract/realtime";
import { AppError } from "@flotilla/shared/contract/problem";
import type { VerifyToken } from "@flotilla/shared/runtime/jwt";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { EventFeed } from "./event-feed.ts";
import type { Access } from "./ports.ts";
import { memberRoom, tenantRoom } from "./rooms.ts";
import type { RealtimeNamespace, RealtimeSocket, RefusalData } from "./socket-types.ts";

/** Connections on one replica; the same limits hold on every replica by itself. */
const connectionsPerMember = 20;
const connectionsPerTenant = 200;

export interface HandshakeDeps {
  namespace: RealtimeNamespace;
  verifyToken: VerifyToken;
  access: Access;
  feeds: Pick<EventFeed, "open">;
  isDraining: () => boolean;
  logger: Logger;
}

/** A refused handshake; Socket.io hands `data` to the client's `connect_error`. */
class HandshakeError extends Error {
  readonly data: RefusalData;
  constructor(code: HandshakeRefusal, retryAfterSeconds?: number) {
    super(code);
    this.data = retryAfterSeconds === undefined ? { code } : { code, retry_after: retryAfterSeconds };
  }
}

/** The middleware that decides who may connect, as whom and to which tenant, and fills the connection's data. */
export function createHandshake(deps: HandshakeDeps) {
  return async (socket: RealtimeSocket, next: (error?: Error) => void): Promise<void> => {
    try {
      await admit(deps, socket);
    } catch (error) {
      const refusal = asRefusal(error);
      const { code } = refusal.data;
      deps.logger[code === "unavailable" ? "warn" : "debug"]({ error }, `a dashboard was refused: ${code}`);
      next(refusal);
      return;
    }
    next();
  };
}

async function admit(deps: HandshakeDeps, socket: RealtimeSocket): Promise<void> {
  if (deps.isDraining()) throw new HandshakeError("draining", 1);
  const auth = HandshakeAuth.safeParse(socket.handshake.auth);
  if (!auth.success) throw new HandshakeError("unauthenticated");
  const { memberId, expiresAt } = await deps.verifyToken(auth.data.token);
  const memberships = await deps.access.membershipsOf(memberId);
  const wanted = auth.data.tenant?.toLowerCase();
  const membership = memberships.find(({ tenantId }) => wanted === undefined || tenantId === wanted);
  if (membership === undefined) throw new HandshakeError("unauthenticated");
  const { tenantId, role } = membership;
  const connections = (room: string) => deps.namespace.adapter.rooms.get(room)?.size ?? 0;
  if (
    connections(memberRoom(tenantId, memberId)) >= connectionsPerMember ||
    connections(tenantRoom(tenantId)) >= connectionsPerTenant
  )
    throw new HandshakeError("too_many_connections", 10);
  const feed = await deps.feeds.open(tenantId);
  Object.assign(socket.data, { memberId, tenantId, role, expiresAt, feed, topics: new Map() });
}

function asRefusal(error: unknown): HandshakeError {
  if (error instanceof HandshakeError) return error;
  const code = error instanceof AppError ? error.code : "internal";
  if (code === "unauthenticated" || code === "token_expired") return new HandshakeError(code);
  return new HandshakeError("unavailable", 2);
}
