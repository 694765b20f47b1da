import type { PairingUpdate } from "@flotilla/shared/contract/realtime";
import type { LogHead, LogRange } from "@flotilla/shared/runtime/event-log";

/** The tenants' event logs. Rejects with AppError `unavailable` while the database is away. */
export interface EventLog {
  readEvents: (range: { tenant: string; after: number; limit: number }) => Promise<LogRange>;
  readHeads: (tenants: readonly string[]) => Promise<Map<string, LogHead>>;
}

export type Role = "owner" | "admin" | "developer" | "campaigner" | "inbox" | "viewer";

export interface Membership {
  tenantId: string;
  role: Role;
}

export type OwnedKind = "session" | "chat" | "campaign";

/** Who may see what, asked anew each time because memberships change. */
export interface Access {
  membershipsOf: (memberId: string) => Promise<Membership[]>;
  owns: (tenantId: string, kind: OwnedKind, id: string) => Promise<boolean>;
}

/** The codes to scan: the latest of a session, null when there is none. */
export interface PairingValues {
  read: (sessionId: string) => Promise<PairingUpdate | null>;
}

/** What other processes tell us as it happens. All of it is a hint: nothing is lost when it stays away. */
export interface Bells {
  onLogGrown: (listener: (bell: { tenant: string; head: number }) => void) => void;
  onPairing: (listener: (update: PairingUpdate) => void) => void;
  /** Redis was away and is back: whatever was published meanwhile was missed. */
  onReconnected: (listener: () => void) => void;
}
