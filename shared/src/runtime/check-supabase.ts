import { AppError } from "../contract/problem.ts";
import { callFunction, DatabaseFault, type ServiceClient } from "./supabase.ts";

export interface SupabaseCheck {
  url: string;
  client: ServiceClient;
  /** A harmless call that only the secret key may make; default `read_heads` for no tenant. */
  probe?: { name: string; args: Record<string, unknown> };
}

/**
 * Makes one harmless call at start-up. Throws `unavailable` with a sentence saying which of the three is wrong: the
 * address, the key or the schema. Takes at most 5 seconds.
 */
export async function checkSupabase({
  url,
  client,
  probe = { name: "read_heads", args: { p_tenants: [] } },
}: SupabaseCheck) {
  try {
    await callFunction(client, probe.name, probe.args, { timeoutMs: 5_000 });
  } catch (error) {
    const fault = error instanceof AppError && error.cause instanceof DatabaseFault ? error.cause : null;
    if (fault === null) throw error;
    throw new AppError("unavailable", explainFault(url, probe.name, fault), { cause: fault });
  }
}

/** Which setting is to blame for a refused call, in one sentence. */
function explainFault(url: string, name: string, fault: DatabaseFault): string {
  const said = fault.message.split("\n")[0] ?? "";
  if (fault.status === 0) return `SUPABASE_URL ${url} cannot be reached: ${networkCause(fault.message)}`;
  if (fault.sqlState === "42501")
    return `SUPABASE_SECRET_KEY may not call ${name}: it is not the secret key of ${url} (the publishable key is not enough)`;
  if (fault.status === 401 || fault.status === 403) return `SUPABASE_SECRET_KEY was refused by ${url}: ${said}`;
  if (fault.sqlState === "42883" || /could not find the function|PGRST202|schema cache/i.test(said))
    return `The database behind ${url} has no function ${name}: apply the migrations in supabase/migrations`;
  if (fault.status === 404) return `SUPABASE_URL ${url} answers, but not as a Supabase API (HTTP 404)`;
  return `Supabase at ${url} answers with an error (HTTP ${fault.status}): ${said}`;
}

function networkCause(message: string): string {
  const code = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ECONNRESET|ETIMEDOUT|CERT_\w+|UND_ERR_\w+/.exec(message)?.[0];
  if (code === "ECONNREFUSED") return "nothing listens there (ECONNREFUSED)";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `the host name is unknown (${code})`;
  const cause = /Caused by: (?:\w+: )?(.+)/.exec(message)?.[1];
  return code ?? cause ?? message.split("\n")[0] ?? "no answer";
}
