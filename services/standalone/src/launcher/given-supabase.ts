import { checkSupabase } from "@flotilla/shared/runtime/check-supabase";
import { createServiceClient } from "@flotilla/shared/runtime/supabase";

/** A Supabase project named by the environment. */
export type GivenSupabase = {
  supabaseUrl: string;
  publishableKey: string;
  secretKey: string;
  /** Undefined: tokens are verified by the project's published keys. */
  jwtSecret: string | undefined;
  /** Undefined: the services' default, below the project's own address. */
  jwksUrl: string | undefined;
};

const DEADLINE_MS = 5_000;

/**
 * The project that `SUPABASE_URL` names, or null when it is not set.
 *
 * @throws naming the variables that are missing beside it
 */
export function givenSupabase(environment: NodeJS.ProcessEnv): GivenSupabase | null {
  const supabaseUrl = environment["SUPABASE_URL"];
  if (!supabaseUrl) return null;
  if (!URL.canParse(supabaseUrl)) throw new Error(`SUPABASE_URL is not a URL: ${supabaseUrl}`);
  const publishableKey = environment["SUPABASE_PUBLISHABLE_KEY"];
  const secretKey = environment["SUPABASE_SECRET_KEY"];
  const jwtSecret = environment["SUPABASE_JWT_SECRET"] || undefined;
  const jwksUrl = environment["SUPABASE_JWKS_URL"] || undefined;
  const missing: string[] = [];
  if (!publishableKey) missing.push("SUPABASE_PUBLISHABLE_KEY");
  if (!secretKey) missing.push("SUPABASE_SECRET_KEY");
  if (!publishableKey || !secretKey || missing.length > 0) {
    throw new Error(`SUPABASE_URL is set, but not ${missing.join(", ")}`);
  }
  return { supabaseUrl: supabaseUrl.replace(/\/+$/, ""), publishableKey, secretKey, jwtSecret, jwksUrl };
}

/**
 * Asks the project itself whether URL and keys are right and our tables are there.
 *
 * @throws in one line that names the wrong variable and why it is wrong
 */
export async function checkGivenSupabase({ supabaseUrl, publishableKey, secretKey }: GivenSupabase): Promise<void> {
  await checkSupabase({ url: supabaseUrl, client: createServiceClient({ url: supabaseUrl, secretKey }) });
  const settings = await fetch(`${supabaseUrl}/auth/v1/settings`, {
    headers: { apikey: publishableKey },
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  await settings.body?.cancel();
  if (settings.status === 401 || settings.status === 403) {
    throw new Error(`SUPABASE_PUBLISHABLE_KEY was refused by ${supabaseUrl} (status ${settings.status})`);
  }
}
