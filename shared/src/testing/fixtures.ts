import { createClient } from "@supabase/supabase-js";
import { randomUUID } from "node:crypto";
import { z } from "zod";

const addressSchema = z.object({
  id: z.string(),
  supabaseUrl: z.string(),
  publishableKey: z.string(),
  secretKey: z.string(),
  jwtSecret: z.string(),
  databaseUrl: z.string(),
  redisUrl: z.string(),
});

/** A member who has just signed up, with a token that is good for an hour. */
export type TestMember = { userId: string; accessToken: string; email: string; password: string };

/**
 * A stack for one test file: a freshly migrated database of its own behind a Supabase API of its own, and a Redis
 * server of its own, so that nothing another file does can be seen.
 */
export type TestStack = AsyncDisposable & {
  readonly supabaseUrl: string;
  readonly publishableKey: string;
  readonly secretKey: string;
  /** Signs access tokens (HS256); their issuer is `<supabaseUrl>/auth/v1`. */
  readonly jwtSecret: string;
  /** Straight to Postgres as its superuser, past row-level security: for looking, not for what is under test. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Signs up a member through the auth API. @throws when it refuses, for instance an email already taken */
  signUp(email?: string): Promise<TestMember>;
};

/**
 * Opens a stack (0.2 to 0.4 s; the first of a run also starts and migrates the cluster). Call it once for each file, in
 * `beforeAll` or with `await using`.
 *
 * @throws when the run has no cluster: only the vitest projects `integration` and `system` have one
 */
export async function openTestStack(): Promise<TestStack> {
  const control = controlUrl();
  const response = await fetch(`${control}/stacks`, { method: "POST" });
  if (response.status !== 201) throw new Error(`the test stack did not start: ${await response.text()}`);
  const { id, ...address } = addressSchema.parse(await response.json());
  return {
    ...address,
    signUp: (email) => signUp(address, email ?? `member-${randomUUID().slice(0, 8)}@example.com`),
    [Symbol.asyncDispose]: async () => {
      await fetch(`${control}/stacks/${id}`, { method: "DELETE" });
    },
  };
}

function controlUrl(): string {
  // The one environment variable that does not belong to a service: vitest's global setup leaves it for its forks.
  // oxlint-disable-next-line node/no-process-env
  const url = process.env["FLOTILLA_TEST_CONTROL_URL"];
  if (!url) throw new Error("no test stack here: run this file in the vitest project integration or system");
  return url;
}

async function signUp(
  { supabaseUrl, publishableKey }: Pick<TestStack, "supabaseUrl" | "publishableKey">,
  email: string,
): Promise<TestMember> {
  const password = `${randomUUID()}-Aa1`;
  const client = createClient(supabaseUrl, publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { data, error } = await client.auth.signUp({ email, password });
  if (error) throw new Error(`sign-up of ${email} was refused: ${error.message}`, { cause: error });
  if (!data.user || !data.session) throw new Error(`sign-up of ${email} gave no session: are confirmations on?`);
  return { userId: data.user.id, accessToken: data.session.access_token, email, password };
}
