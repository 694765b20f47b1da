import type { Logger } from "@flotilla/shared/runtime/logger";
import { fleetChannel } from "@flotilla/shared/runtime/redis-keys";
import type { Redis } from "ioredis";

/** Tells the other workers that shards became free. A lost ring costs a heartbeat. */
export function ringFleet(redis: Redis): void {
  if (redis.status !== "ready") return;
  redis.publish(fleetChannel, "").catch(() => 0);
}

/** Calls `heard` for each ring. The connection must be a subscriber's. */
export function listenToFleet(subscriber: Redis, heard: () => void, logger: Logger): void {
  subscriber.on("message", heard);
  subscriber
    .subscribe(fleetChannel)
    .catch((error: unknown) => logger.debug({ error }, "the fleet's bell cannot be heard; heartbeats go on"));
}
