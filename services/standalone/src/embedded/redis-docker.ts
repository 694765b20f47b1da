import { type RedisContext, type RedisFinding } from "./redis-program.ts";

/** The image run when only Docker is at hand. */
const REDIS_IMAGE = "redis:7.4-alpine";

/** Redis in a container, when a Docker engine answers. The container ends with us, or with testcontainers' reaper. */
export async function redisFromDocker({ mayDownload, say }: RedisContext): Promise<RedisFinding> {
  if (!mayDownload) return { kind: "absent", reason: "pulling a Redis image is switched off (FLOTILLA_NO_DOWNLOAD)" };
  try {
    // Loaded only here: it is a development dependency, and a production install may leave it out.
    const { GenericContainer, getContainerRuntimeClient, Wait } = await import("testcontainers");
    await getContainerRuntimeClient();
    say(`starting ${REDIS_IMAGE} in Docker`);
    const container = await new GenericContainer(REDIS_IMAGE)
      .withCommand(["redis-server", "--save", "", "--appendonly", "yes", "--maxmemory-policy", "noeviction"])
      .withExposedPorts(6379)
      .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
      .start();
    return {
      kind: "elsewhere",
      from: `Docker, ${REDIS_IMAGE}`,
      redis: {
        url: `redis://${container.getHost()}:${container.getMappedPort(6379)}`,
        [Symbol.asyncDispose]: async () => {
          await container.stop();
        },
      },
    };
  } catch (error) {
    return { kind: "absent", reason: `no Docker engine answers: ${(error as Error).message.split("\n")[0]}` };
  }
}
