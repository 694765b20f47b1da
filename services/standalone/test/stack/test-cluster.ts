import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";

import { checkoutFolder } from "../../src/embedded/folders.ts";
import { startSupabase } from "../../src/embedded/supabase.ts";
import { generateSupabaseKeys } from "../../src/embedded/supabase-keys.ts";
import { openTestPostgres, openTestRedisSource } from "./test-servers.ts";

const TEMPLATE = "flotilla_template";

/** What one test file gets; the body of the control server's answer. */
type TestStackAddress = {
  id: string;
  supabaseUrl: string;
  publishableKey: string;
  secretKey: string;
  jwtSecret: string;
  databaseUrl: string;
  redisUrl: string;
};

/** One Postgres for a whole run; a database, a Supabase API and a Redis for each test file. */
export type TestCluster = AsyncDisposable & {
  openStack(): Promise<TestStackAddress>;
  /** Gives a stack back: its processes end and its database is dropped. Unknown ids are ignored. */
  closeStack(id: string): Promise<void>;
};

/** Starts the run's servers and migrates the template database that every test file gets a copy of. */
export async function openTestCluster(folder: string): Promise<TestCluster> {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const cleanup = new AsyncDisposableStack();
  try {
    const server = cleanup.use(await openTestPostgres(join(folder, "postgres")));
    const redisSource = await openTestRedisSource();
    const admin = postgres(server.url("postgres"), { max: 1, onnotice: () => undefined });
    cleanup.defer(() => admin.end({ timeout: 5 }));

    const startApi = (databaseUrl: string, name: string) => {
      const keys = generateSupabaseKeys();
      const options = {
        ...keys,
        databaseUrl,
        port: 0,
        migrationsFolder: join(checkoutFolder, "supabase/migrations"),
        siteUrl: "http://127.0.0.1:5173",
        jwtExpirySeconds: 3600,
        logFile: join(folder, `${name}.log`),
      };
      return startSupabase(options).then((api) => Object.assign(api, keys));
    };
    await admin.unsafe(`drop database if exists ${TEMPLATE} with (force)`);
    await admin.unsafe(`create database ${TEMPLATE}`);
    await (await startApi(server.url(TEMPLATE), TEMPLATE))[Symbol.asyncDispose]();

    const stacks = new Map<string, AsyncDisposableStack>();
    cleanup.defer(async () => {
      await Promise.all([...stacks.values()].map((stack) => stack.disposeAsync()));
    });
    return {
      async openStack() {
        const id = randomUUID();
        const database = `flotilla_test_${id.slice(0, 8)}`;
        const resources = new AsyncDisposableStack();
        stacks.set(id, resources);
        await admin.unsafe(`create database ${database} template ${TEMPLATE}`);
        resources.defer(async () => {
          await admin.unsafe(`drop database if exists ${database} with (force)`);
        });
        const redisFolder = join(folder, `redis-${id.slice(0, 8)}`);
        const [api, redis] = await Promise.all([startApi(server.url(database), database), redisSource(redisFolder)]);
        resources.use(api);
        resources.use(redis);
        resources.defer(() => rmSync(redisFolder, { recursive: true, force: true }));
        const { publishableKey, secretKey, jwtSecret, url: supabaseUrl } = api;
        const databaseUrl = server.url(database);
        return { id, supabaseUrl, publishableKey, secretKey, jwtSecret, databaseUrl, redisUrl: redis.url };
      },
      async closeStack(id) {
        const stack = stacks.get(id);
        stacks.delete(id);
        await stack?.disposeAsync();
      },
      [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
    };
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}
