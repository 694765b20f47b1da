import { isLostSocketWrite } from "./lost-socket-write.ts";
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
  process.on("uncaughtException", (error) => {
    if (isLostSocketWrite(error)) return;
    console.error(error);
    process.exit(1);
  });
  process.once("message", (options: SupabaseApiOptions) => {
    serve(options).catch((error: unknown) => {
      tell({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
      process.exitCode = 1;
      process.disconnect();
    });
  });
}

async function serve(options: SupabaseApiOptions): Promise<void> {
  const api = await openSupabaseApi(options);
  const end = async () => {
    await api[Symbol.asyncDispose]();
    process.exit(0);
  };
  process.once("SIGTERM", () => void end());
  process.once("disconnect", () => void end());
  tell({ kind: "listening", port: api.port, migrated: api.migrated });
}

function tell(message: SupabaseChildMessage): void {
  process.send?.(message);
}

runSupabaseChild();
