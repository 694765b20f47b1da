import { openTestStack } from "@flotilla/shared/testing/fixtures";
import { createClient } from "@supabase/supabase-js";
import { Redis } from "ioredis";
import postgres from "postgres";
import { expect, test } from "vitest";

test("a stack is a database, a Supabase API and a Redis that no other stack sees", async () => {
  await using first = await openTestStack();
  await using second = await openTestStack();
  const member = await first.signUp();
  const client = createClient(first.supabaseUrl, first.publishableKey, { auth: { persistSession: false } });
  const { data } = await client.auth.getUser(member.accessToken);
  expect(data.user?.email).toBe(member.email);

  const sql = postgres(second.databaseUrl, { max: 1 });
  const users = await sql`select * from auth.users`;
  await sql.end();
  expect(users).toHaveLength(0);

  const [one, other] = [new Redis(first.redisUrl), new Redis(second.redisUrl)];
  await one.set("who", "first");
  expect(await other.get("who")).toBeNull();
  one.disconnect();
  other.disconnect();
});

test("a closed stack is gone: its API refuses and its database is dropped", async () => {
  const stack = await openTestStack();
  await stack[Symbol.asyncDispose]();
  await expect(fetch(`${stack.supabaseUrl}/auth/v1/health`)).rejects.toThrow("fetch failed");
  const sql = postgres(stack.databaseUrl, { max: 1 });
  await expect(sql`select 1`).rejects.toThrow("does not exist");
  await sql.end({ timeout: 1 });
});
