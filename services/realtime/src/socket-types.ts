import type { ClientToServerEvents, HandshakeRefusal, ServerToClientEvents } from "@flotilla/shared/contract/realtime";
import type { DefaultEventsMap, Namespace, Socket } from "socket.io";
import type { Role } from "./ports.ts";
import type { TenantFeed } from "./tenant-feed.ts";

/** What we know of a connection, filled by the handshake. */
export interface ConnectionData {
  memberId: string;
  tenantId: string;
  role: Role;
  expiresAt: Date;
  feed: TenantFeed;
  /** The topics asked for, each with what ends its catch-up. */
  topics: Map<string, AbortController>;
}

export type RealtimeNamespace = Namespace<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, ConnectionData>;
export type RealtimeSocket = Socket<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, ConnectionData>;

/** What a refused client finds in `connect_error`'s `data`. */
export interface RefusalData {
  code: HandshakeRefusal;
  retry_after?: number;
}
