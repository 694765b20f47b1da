/** A Supabase project named by the environment. */
export type GivenSupabase = {
  supabaseUrl: string;
  publishableKey: string;
  secretKey: string;
  jwtSecret: string | undefined;
  jwksUrl: string | undefined;
};

const DEADLINE_MS = 10_000;

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
  if (!jwtSecret && !jwksUrl) missing.push("SUPABASE_JWKS_URL or SUPABASE_JWT_SECRET");
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
export async function checkSupabase({ supabaseUrl, publishableKey, secretKey }: GivenSupabase): Promise<void> {
  const settings = await ask("SUPABASE_URL", `${supabaseUrl}/auth/v1/settings`, publishableKey);
  if (settings.status === 401 || settings.status === 403) {
    throw new Error(`SUPABASE_PUBLISHABLE_KEY is refused by ${supabaseUrl} (status ${settings.status})`);
  }
  if (!settings.ok) {
    throw new Error(`SUPABASE_URL: ${supabaseUrl} does not answer as Supabase does (auth status ${settings.status})`);
  }
  const table = await ask("SUPABASE_URL", `${supabaseUrl}/rest/v1/whatsapp_sessions?select=id&limit=1`, secretKey);
  if (table.status === 401 || table.status === 403) {
    throw new Error(`SUPABASE_SECRET_KEY is refused by ${supabaseUrl} (status ${table.status})`);
  }
  if (table.status === 404) {
    throw new Error(
      `${supabaseUrl} has no Flotilla tables yet: run \`supabase db push\`, or ` +
        "`node services/standalone/flotilla.mjs migrate --database-url …`",
    );
  }
  if (!table.ok) throw new Error(`SUPABASE_URL: ${supabaseUrl} answers ${table.status} when asked for a table`);
}

async function ask(variable: string, url: string, key: string): Promise<Response> {
  try {
    const response = await fetch(url, { headers: { apikey: key }, signal: AbortSignal.timeout(DEADLINE_MS) });
    await response.body?.cancel();
    return response;
  } catch (cause) {
    throw new Error(`${variable}: ${new URL(url).origin} cannot be reached: ${networkReason(cause)}`, { cause });
  }
}

/** fetch hides the reason (refused, unknown host, certificate) one level down. */
function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause;
  if (!(inner instanceof Error)) return error.message;
  return inner.message || (inner as NodeJS.ErrnoException).code || error.message;
}
