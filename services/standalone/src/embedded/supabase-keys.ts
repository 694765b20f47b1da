import { createHash, randomBytes } from "node:crypto";

/** What a Supabase project is reached with. */
export type SupabaseKeys = {
  /** For browsers: `anon`, with row-level security in force. */
  readonly publishableKey: string;
  /** For services: `service_role`, past row-level security. */
  readonly secretKey: string;
  /** Signs every member's token (HS256). Whoever has it can be anybody: it never leaves the launcher and the services. */
  readonly jwtSecret: string;
};

/** Fresh keys in the form of a self-hosted Supabase. */
export function generateSupabaseKeys(): SupabaseKeys {
  return {
    publishableKey: generateKey("publishable"),
    secretKey: generateKey("secret"),
    jwtSecret: randomBytes(32).toString("base64url"),
  };
}

/** 132 random bits and a checksum, which lets Supabase's tools notice a key that was cut off in copying. */
function generateKey(kind: "publishable" | "secret"): string {
  const body = `sb_${kind}_${randomBytes(17).toString("base64url").slice(0, 22)}`;
  const checksum = createHash("sha256").update(`supabase-self-hosted|${body}`).digest("base64url").slice(0, 8);
  return `${body}_${checksum}`;
}
