import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

import { generateSupabaseKeys } from "../embedded/supabase-keys.ts";

const stateSchema = z.object({
  supabase: z.object({ publishableKey: z.string(), secretKey: z.string(), jwtSecret: z.string() }),
  postgresPassword: z.string(),
  redisPassword: z.string(),
  /** base64 of 32 bytes: encrypts the keys that encrypt WhatsApp credentials. Losing it loses every pairing. */
  credentialsKey: z.string(),
  demoMember: z.object({ email: z.string(), password: z.string() }),
});

/** Everything generated that the next start needs again. */
export type LauncherState = z.infer<typeof stateSchema>;

/**
 * Reads `state.json` of a data folder, or makes it (mode 0600) with fresh secrets.
 *
 * @throws when the file is there but cannot be understood: new secrets would make the old data unreadable
 */
export function loadState(dataFolder: string): LauncherState {
  const file = join(dataFolder, "state.json");
  if (!existsSync(file)) {
    const state = freshState();
    // In one step, so that a start killed here leaves no half a file.
    writeFileSync(`${file}.draft`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.draft`, file);
    return state;
  }
  const parsed = stateSchema.safeParse(readJson(file));
  if (parsed.success) return parsed.data;
  throw new Error(
    `${file} cannot be understood, and it holds the keys of the data beside it. ` +
      "Restore it, or empty the data folder with npm run reset.",
  );
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function freshState(): LauncherState {
  return {
    supabase: generateSupabaseKeys(),
    postgresPassword: randomBytes(24).toString("hex"),
    redisPassword: randomBytes(24).toString("hex"),
    credentialsKey: randomBytes(32).toString("base64"),
    demoMember: { email: "demo@flotilla.example", password: `${randomBytes(9).toString("base64url")}-1a` },
  };
}
