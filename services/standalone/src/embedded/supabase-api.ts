import { serve } from "@hono/node-server";
import { App } from "@supabase/lite";
import { jwtVerify } from "jose";
import type { AddressInfo } from "node:net";
import postgres from "postgres";

import { migrate, readMigrations } from "./migrate.ts";
import { PRELUDE } from "./prelude.ts";
import { SupabaseConnection } from "./supabase-connection.ts";
import { createGateway } from "./supabase-gateway.ts";
import type { SupabaseKeys } from "./supabase-keys.ts";

export type SupabaseApiOptions = SupabaseKeys & {
  databaseUrl: string;
  /** 0 lets the system choose. */
  port: number;
  migrationsFolder: string;
  /** Where a browser comes from; part of the links in mails, which are never sent here. */
  siteUrl: string;
  /** Life of an access token in seconds. */
  jwtExpirySeconds: number;
  /** Whoever signs up first operates the installation: true where one person has it on one machine. */
  firstMemberOperates?: boolean;
};

/** A listening Supabase API. Must run in a process of its own: it prints every database error with its stack. */
export type SupabaseApi = AsyncDisposable & { readonly port: number; readonly migrated: string[] };

/**
 * Prepares a database (system schema, prelude, pending migrations) and serves PostgREST's and Auth's dialect on it.
 *
 * @throws with the migration's name when one fails or has changed
 */
export async function openSupabaseApi(options: SupabaseApiOptions): Promise<SupabaseApi> {
  const connection = new SupabaseConnection(options.databaseUrl);
  const app = new App({
    connection,
    api: { enabled: true, schemas: ["public"], max_rows: 1000 },
    auth: {
      enabled: true,
      enable_signup: true,
      jwt_secret: options.jwtSecret,
      publishable_key: options.publishableKey,
      secret_key: options.secretKey,
      site_url: options.siteUrl,
      jwt_expiry: options.jwtExpirySeconds,
      minimum_password_length: 8,
      email: { enable_signup: true, enable_confirmations: false },
    },
    options: { server: { disableStudio: true, admin: false, apiKeys: { resolver: keyResolver(options) } } },
  });
  await app.init();
  const migrated = await prepareDatabase(options, () => app.ensureSystemSchema());
  await connection.clearSchemaCache();

  const address = Promise.withResolvers<AddressInfo>();
  let gateway: ReturnType<typeof createGateway> | undefined;
  const server = serve(
    {
      hostname: "127.0.0.1",
      port: options.port,
      fetch: (request) => gateway?.(request) ?? new Response(null, { status: 503 }),
    },
    address.resolve,
  );
  server.once("error", address.reject);
  const { port } = await address.promise;
  gateway = createGateway({
    handle: async (request) => await app.fetch(request, { peerAddress: null }),
    jwtSecret: options.jwtSecret,
    issuer: `http://127.0.0.1:${port}/auth/v1`,
  });
  return {
    port,
    migrated,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => {
        server.close(resolve);
        if ("closeIdleConnections" in server) server.closeIdleConnections();
      });
      await connection.close();
    },
  };
}

async function prepareDatabase(
  {
    databaseUrl,
    migrationsFolder,
    firstMemberOperates = false,
  }: Pick<SupabaseApiOptions, "databaseUrl" | "migrationsFolder" | "firstMemberOperates">,
  ensureSystemSchema: () => Promise<void>,
): Promise<string[]> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(PRELUDE);
    await ensureSystemSchema();
    const ran = await migrate(sql, await readMigrations(migrationsFolder));
    if (firstMemberOperates) await sql`update public.installation set first_member_operates = true`;
    return ran;
  } finally {
    await sql.end();
  }
}

/** The two keys of the new form, and the JWT keys of older projects when our secret signed them. */
function keyResolver({ publishableKey, secretKey, jwtSecret }: SupabaseKeys) {
  const secret = new TextEncoder().encode(jwtSecret);
  return async (key: string) => {
    if (key === publishableKey) return { type: "publishable" as const, claims: { role: "anon" } };
    if (key === secretKey) return { type: "secret" as const, claims: { role: "service_role" } };
    const verified = await jwtVerify(key, secret, { algorithms: ["HS256"] }).catch(() => null);
    const role = verified?.payload["role"];
    if (role === "anon") return { type: "publishable" as const, claims: { ...verified?.payload } };
    if (role === "service_role") return { type: "secret" as const, claims: { ...verified?.payload } };
    return null;
  };
}
