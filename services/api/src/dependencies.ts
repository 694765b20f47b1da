import { checkRedis } from "@flotilla/shared/runtime/check-redis";
import { checkSupabase } from "@flotilla/shared/runtime/check-supabase";
import { readEvents } from "@flotilla/shared/runtime/event-log";
import { createJobProducer } from "@flotilla/shared/runtime/job-producer";
import { createTokenVerifier } from "@flotilla/shared/runtime/jwt";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { ComponentCheck } from "@flotilla/shared/runtime/ops";
import { closeRedis, openRedis } from "@flotilla/shared/runtime/redis";
import { callFunction, createServiceClient } from "@flotilla/shared/runtime/supabase";
import { createAnnouncer } from "./adapters/announcer.ts";
import { createCampaignStore } from "./adapters/campaign-store.ts";
import { createChatStore } from "./adapters/chat-store.ts";
import { createBells } from "./adapters/event-bells.ts";
import { createFleetStore } from "./adapters/fleet-store.ts";
import { readShardCount } from "./adapters/installation.ts";
import { createMemberships } from "./adapters/memberships.ts";
import { createMessageStore } from "./adapters/message-store.ts";
import { createPairingCodes } from "./adapters/pairing-codes.ts";
import { createRecipientStore } from "./adapters/recipient-store.ts";
import { createSessionStore } from "./adapters/session-store.ts";
import { createSuppressionStore } from "./adapters/suppression-store.ts";
import type { Config } from "./config.ts";
import type { EventReader, NewSession } from "./ports.ts";

export type Dependencies = Awaited<ReturnType<typeof openDependencies>>;

/**
 * Opens every client and builds every adapter. Throws an AppError that says which neighbour is missing or refuses us;
 * the checks come first, so nothing is left open then. Disposing closes them in reverse.
 */
export async function openDependencies(
  config: Pick<Config, "redisUrl" | "supabase" | "tokens" | "simulatorUrl">,
  logger: Logger,
) {
  const client = createServiceClient({ ...config.supabase, connections: 32 });
  await Promise.all([
    checkSupabase({ url: config.supabase.url, client }),
    checkRedis({ url: config.redisUrl, logger }),
  ]);
  const shardCount = await readShardCount(client);
  const producerRedis = openRedis({ url: config.redisUrl, role: "producer", service: "api", logger });
  const bellRedis = openRedis({ url: config.redisUrl, role: "subscriber", service: "api", logger });
  const producer = createJobProducer({ redis: producerRedis, logger });
  const announcer = createAnnouncer({ producer, redis: producerRedis, logger });
  const events: EventReader = { read: (range) => readEvents(client, range) };
  const network: NewSession["network"] = config.simulatorUrl === null ? "whatsapp" : "simulated";
  const checks: Record<string, { required: boolean; check: ComponentCheck }> = {
    postgres: {
      required: true,
      check: async (signal) => void (await callFunction(client, "read_heads", { p_tenants: [] }, { signal })),
    },
    // Without Redis rows are still taken in, and found by the sweep of the workers.
    redis: { required: false, check: async () => void (await producerRedis.ping()) },
  };
  return {
    shardCount,
    network,
    verifyToken: createTokenVerifier(config.tokens),
    memberships: createMemberships(client),
    sessions: createSessionStore(client),
    messages: createMessageStore(client),
    campaigns: createCampaignStore(client),
    recipients: createRecipientStore(client),
    chats: createChatStore(client),
    suppressions: createSuppressionStore(client),
    events,
    fleet: createFleetStore(client),
    bells: createBells(bellRedis),
    pairingCodes: createPairingCodes(producerRedis),
    announcer,
    checks,
    [Symbol.asyncDispose]: async () => {
      await announcer.settled();
      await producer[Symbol.asyncDispose]();
      await Promise.all([producerRedis, bellRedis].map(closeRedis));
    },
  };
}
