import { PostgresConnection } from "@supabase/lite/postgres";

import { nameDatabaseError } from "./supabase-errors.ts";
import { supabaseTypes } from "./supabase-types.ts";

/** Each embedded Supabase API holds at most this many connections. */
const POOL_SIZE = 10;

/** `@supabase/lite`'s Postgres connection with the corrections that make it answer as PostgREST does. */
export class SupabaseConnection extends PostgresConnection {
  constructor(url: string) {
    super({ url, postgresOptions: { max: POOL_SIZE, types: supabaseTypes, onnotice: () => undefined } });
    // On its first request the library would grant every client role everything on every table of a schema that uses
    // row-level security, and so undo the revokes of our migrations. In this state it believes that it already has.
    Object.defineProperty(this, "rlsState", { value: "active", writable: false });
  }

  override normalizeDbError(error: unknown): unknown {
    return nameDatabaseError(super.normalizeDbError(error));
  }
}
