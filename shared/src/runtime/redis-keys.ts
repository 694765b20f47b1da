/**
 * Every key and channel we name in Redis, besides BullMQ's own and the Socket.io adapter's. All of it may vanish at any
 * moment: truth is in Postgres.
 */

/** Channel: "<tenant> <head>" after a commit that appended events. A lost bell costs one poll of the heads. */
export const bellChannel = "flotilla:bell";

/** Channel: a shard became free, or a worker left; every worker makes its heartbeat at once instead of within a second. */
export const fleetChannel = "flotilla:fleet";

/** Channel: a PairingUpdate, for the members who watch that session's pairing now. */
export const pairingChannel = "flotilla:pairing";

/** String: the latest PairingUpdate of a session, for those who come to watch later. Expires with the code it holds. */
export const pairingKey = (sessionId: string): string => `flotilla:pairing:${sessionId}`;

/** BullMQ prefix of a shard's queue; the braces keep all its keys in one slot of a Redis cluster. */
export const shardQueuePrefix = (shard: number): string => `{wa:${shard}}`;

/** BullMQ prefix of the queues that belong to no shard. */
export const commonQueuePrefix = "{wa:c}";

/** Prefix of the Socket.io Redis adapter's channels, which carry control between realtime replicas. */
export const socketAdapterKey = "flotilla:socket";

/** String: the time of Redis in microseconds before which the fleet dials no further link. */
export const fleetDialsKey = "flotilla:dials";

/** Of the fleet's breaker for one version of the WhatsApp client: sessions refused lately, the reason while it is open, the wait for a probe. */
export const breakerKeys = (clientVersion: string): [refusals: string, open: string, probe: string] => [
  `flotilla:{client:${clientVersion}}:refused`,
  `flotilla:{client:${clientVersion}}:open`,
  `flotilla:{client:${clientVersion}}:probe`,
];
