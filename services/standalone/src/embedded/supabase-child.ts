import { openSupabaseApi, type SupabaseApiOptions } from "./supabase-api.ts";

/** What this process tells its parent, once. */
export type SupabaseChildMessage =
  | { kind: "listening"; port: number; migrated: string[] }
  | { kind: "failed"; reason: string };

/**
 * The embedded Supabase API as a process: options come by IPC, not by environment or argument, as they hold secrets.
 * It ends with its parent, whether asked to or orphaned.
 */
function runSupabaseChild(): void {
  const tell = (message: SupabaseChildMessage) => process.send?.(message);
  process.once("message", (options: SupabaseApiOptions) => {
    openSupabaseApi(options).then(
      (api) => {
        const end = () => void api[Symbol.asyncDispose]().then(() => process.exit(0));
        process.once("SIGTERM", end);
        process.once("disconnect", end);
        tell({ kind: "listening", port: api.port, migrated: api.migrated });
      },
      (error: unknown) => {
        tell({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
        process.exitCode = 1;
        process.disconnect();
      },
    );
  });
}

runSupabaseChild();
