import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { startPostgres } from "../../../services/standalone/src/embedded/postgres.ts";
import { cacheFolder, checkoutFolder, compileCacheFolder } from "../../../services/standalone/src/embedded/folders.ts";
import { freePort } from "../../../services/standalone/src/embedded/free-port.ts";
import { startRedis, type RedisServer } from "../../../services/standalone/src/embedded/redis.ts";
import { findRedis } from "../../../services/standalone/src/embedded/redis-chain.ts";
import { startSupabase } from "../../../services/standalone/src/embedded/supabase.ts";
import { generateSupabaseKeys } from "../../../services/standalone/src/embedded/supabase-keys.ts";
import {
  type PlatformAddresses,
  serviceEnvironment,
  type ServiceKind,
} from "../../../services/standalone/src/launcher/service-environment.ts";
import { startService } from "../../../services/standalone/src/launcher/service-process.ts";
import { fetchRootKey } from "../../../services/standalone/src/launcher/simulator-key.ts";
import { openTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

/** Everything but the workers, on free ports, in a folder of its own. */
export interface Stack extends AsyncDisposable {
  readonly addresses: PlatformAddresses & { simulator: NonNullable<PlatformAddresses["simulator"]> };
  readonly ports: { supabase: number; redis: () => number; simulator: number };
  /** Straight to Postgres as its superuser: for looking and for the harness's own trigger. */
  readonly databaseUrl: string;
  /** Between the Supabase API and Postgres. */
  readonly postgresProxy: TcpProxy;
  readonly redisPid: () => number;
  /** SIGKILL, then a start on the same port and data. */
  restartRedis(): Promise<void>;
  environmentOf(kind: ServiceKind, port: number): Record<string, string>;
}

export interface StackOptions {
  folder: string;
  seed: number;
  logLevel: string;
  onLine: (service: string, line: string) => void;
}

/** Starts it; what was started is ended again when a later part does not start. */
export async function openStack({ folder, seed, logLevel, onLine }: StackOptions): Promise<Stack> {
  await using starting = new AsyncDisposableStack();
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o711);
  const keys = generateSupabaseKeys();
  const postgres = starting.use(
    // A killed process loses nothing without fsync; only a power cut would.
    await startPostgres({ folder: join(folder, "postgres"), password: "chaos", durable: false }),
  );
  const postgresProxy = starting.use(await openTcpProxy(() => postgres.port, seed));
  const databaseUrl = postgres.url("postgres");
  const through = new URL(databaseUrl);
  through.port = String(postgresProxy.port);
  const supabase = starting.use(
    await startSupabase({
      ...keys,
      databaseUrl: through.href,
      port: 0,
      migrationsFolder: join(checkoutFolder, "supabase/migrations"),
      siteUrl: "http://127.0.0.1",
      jwtExpirySeconds: 3_600,
      logFile: join(folder, "supabase.log"),
    }),
  );

  const finding = await findRedis({
    path: process.env["PATH"] ?? "",
    cacheFolder: cacheFolder(),
    mayDownload: true,
    say: (line) => onLine("redis", line),
  });
  if (finding.kind === "elsewhere") {
    await finding.redis[Symbol.asyncDispose]();
    throw new Error("chaos restarts and freezes Redis, so it needs a redis-server program, not a container");
  }
  const redisPort = await freePort();
  const openRedis = () =>
    startRedis({ program: finding.program, folder: join(folder, "redis"), password: "chaos", port: redisPort });
  let redis: RedisServer = await openRedis();
  starting.defer(() => redis[Symbol.asyncDispose]());

  const [simulatorPort, apiPort] = [await freePort(), await freePort()];
  const simulatorUrl = `http://127.0.0.1:${simulatorPort}`;
  const addresses = {
    supabaseUrl: supabase.url,
    publishableKey: keys.publishableKey,
    secretKey: keys.secretKey,
    jwtSecret: keys.jwtSecret,
    jwksUrl: undefined,
    redisUrl: redis.url,
    apiUrl: `http://127.0.0.1:${apiPort}`,
    realtimeUrls: [],
    dashboardUrl: "http://localhost:5173",
    credentialsKey: Buffer.alloc(32, seed % 256).toString("base64"),
    simulator: { url: simulatorUrl, whatsappUrl: `ws://127.0.0.1:${simulatorPort}/ws/chat`, rootKey: "" },
  };
  const environmentOf = (kind: ServiceKind, port: number) => ({
    PATH: process.env["PATH"] ?? "",
    NODE_COMPILE_CACHE: compileCacheFolder(),
    ...serviceEnvironment(kind, addresses, {
      port,
      nodeEnv: "development",
      logLevel,
      simulatorFolder: join(folder, "simulator"),
    }),
  });
  const open = async (kind: "simulator" | "api", port: number, args: string[] = []) =>
    starting.use(
      await startService({
        name: kind,
        args: [join(checkoutFolder, "services", kind, "src/main.ts"), ...args],
        folder: join(checkoutFolder, "services", kind),
        environment: environmentOf(kind, port),
        readyUrl: `http://127.0.0.1:${port}/readyz`,
        stopDeadlineMs: 5_000,
        onLine: (line) => onLine(kind, line),
      }),
    );
  await open("simulator", simulatorPort, ["--seed", String(seed), "--recorded-stanzas", "0", "--chat-lines", "1000"]);
  addresses.simulator.rootKey = await fetchRootKey(simulatorUrl);
  await open("api", apiPort);

  const running = starting.move();
  return {
    addresses,
    ports: { supabase: supabase.port, redis: () => redisPort, simulator: simulatorPort },
    databaseUrl,
    postgresProxy,
    redisPid: () => redis.child.pid,
    async restartRedis() {
      redis.child.process.kill("SIGKILL");
      await redis.child.exited;
      redis = await openRedis();
    },
    environmentOf,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
