import type { Envelope } from "@flotilla/shared/contract/events";
import type { EventBatch } from "@flotilla/shared/contract/realtime";
import { bindIds, type Logger } from "@flotilla/shared/runtime/logger";
import { isCongested, membersOf } from "./back-pressure.ts";
import { topicsOf } from "./fan-out.ts";
import { topicRoom, tryParseTopic } from "./rooms.ts";
import type { RealtimeNamespace } from "./socket-types.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { TenantFeed } from "./tenant-feed.ts";

export interface DeliveryDeps {
  namespace: RealtimeNamespace;
  subscriptions: Subscriptions;
  logger: Logger;
  /** Called with the number of events for each client that was too slow to be broadcast to. */
  onDemoted: () => void;
}

/** Sends batches to the rooms of this replica; the other replicas read the log themselves. */
export function createDelivery({ namespace, subscriptions, logger, onDemoted }: DeliveryDeps) {
  const roomOf = (tenant: string, name: string) => {
    const topic = tryParseTopic(name);
    return topic === null ? null : topicRoom(tenant, topic);
  };
  return {
    /** One tick: the slow ones leave the room first, the others get the batch. False when the room is empty. */
    deliver(feed: TenantFeed, batch: EventBatch): boolean {
      const room = roomOf(feed.tenant, batch.topic);
      const members = room === null ? [] : membersOf(namespace, room);
      if (room === null || members.length === 0) return false;
      for (const socket of members) {
        if (!isCongested(socket)) continue;
        subscriptions.demote(socket, batch.topic, batch.from);
        onDemoted();
      }
      namespace.local.to(room).emit("events", batch);
      return true;
    },
    /** What an operator watches: a session's change of status and how many dashboards of this replica were told. */
    observe(event: Envelope): void {
      if (event.type !== "session.status_changed") return;
      const viewers = new Set<string>();
      for (const topic of topicsOf(event))
        for (const id of namespace.adapter.rooms.get(roomOf(event.tenant, topic) ?? "") ?? []) viewers.add(id);
      const log = bindIds(logger, { tenantId: event.tenant, sessionId: event.subject });
      const { previous, status } = event.data;
      const told = `session ${event.session?.name ?? event.subject} went from ${String(previous)} to ${String(status)}`;
      if (viewers.size > 0) log.info(`${told}; told ${count(viewers.size, "dashboard")}`);
      else log.debug(told);
    },
  };
}

/** "1 dashboard", "2 dashboards". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
