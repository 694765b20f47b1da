/** The parts of a database error that reach a caller. */
type DatabaseError = { code: string; message: string; detail?: string | null; hint?: string | null };

/**
 * Errors that `@supabase/lite` would answer as a nameless 500, put into the form (`PGRST`, with JSON inside) that it
 * passes on with code, message, details and hint; others are returned as they are.
 */
export function nameDatabaseError(error: unknown): unknown {
  if (!isDatabaseError(error)) return error;
  const status = statusOf(error.code);
  if (status === null) return error;
  const { code, message, detail, hint } = error;
  return {
    code: "PGRST",
    message: JSON.stringify({ code, message, details: detail ?? null, hint: hint ?? null }),
    detail: JSON.stringify({ status, headers: {} }),
  };
}

/** PostgREST's own table of statuses; null for the codes that `@supabase/lite` already answers as PostgREST does. */
function statusOf(code: string): number | null {
  const alreadyNamed = ["42501", "42P01", "42883", "23502", "23503", "23505", "25006"];
  if (alreadyNamed.includes(code) || code.startsWith("PG") || code.startsWith("PT")) return null;
  const kind = code.slice(0, 2);
  if (kind === "42" || kind === "22" || kind === "21") return null;
  if (code === "P0001") return 400;
  if (code === "57014") return 500;
  if (kind === "53") return 503;
  if (kind === "28" || kind === "0L" || kind === "0P") return 403;
  const faults = ["08", "25", "2D", "38", "39", "3B", "40", "54", "55", "57", "58", "F0", "HV", "P0", "XX"];
  return faults.includes(kind) ? 500 : 400;
}

function isDatabaseError(error: unknown): error is DatabaseError {
  if (typeof error !== "object" || error === null) return false;
  const { code, message } = error as Partial<DatabaseError>;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && typeof message === "string";
}
