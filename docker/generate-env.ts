import { createHmac, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

const TEN_YEARS_SECONDS = 10 * 365 * 24 * 3600;

/**
 * Fresh secrets for one installation of docker-compose.yml.
 *
 * The two Supabase keys are HS256 tokens of the roles `anon` and `service_role`, which self-hosted PostgREST and Auth
 * take as they are; they end after ten years. Passwords are hexadecimal, because they stand inside addresses.
 *
 * @param now the moment the keys are valid from
 */
export function generateSecrets(now: Date): Record<string, string> {
  const jwtSecret = randomBytes(32).toString("base64url");
  const key = (role: "anon" | "service_role"): string => {
    const issuedAt = Math.floor(now.getTime() / 1000);
    return signHs256({ role, iss: "supabase", iat: issuedAt, exp: issuedAt + TEN_YEARS_SECONDS }, jwtSecret);
  };
  return {
    POSTGRES_PASSWORD: randomBytes(24).toString("hex"),
    REDIS_PASSWORD: randomBytes(24).toString("hex"),
    SUPABASE_JWT_SECRET: jwtSecret,
    SUPABASE_PUBLISHABLE_KEY: key("anon"),
    SUPABASE_SECRET_KEY: key("service_role"),
    CREDENTIALS_KEY: randomBytes(32).toString("base64"),
  };
}

/** The names as lines of a `.env` file, each with what it is for. */
export function renderEnvFile(secrets: Record<string, string>): string {
  return [
    "# Secrets of this installation, made by docker/generate-env.ts. Never commit this file.",
    "# Keep a copy of CREDENTIALS_KEY apart from the database's backups: without it every session must be paired again.",
    ...Object.entries(secrets).map(([name, value]) => `${name}=${value}`),
    "",
  ].join("\n");
}

function signHs256(claims: Record<string, string | number>, secret: string): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: "string", default: ".env" } } });
  try {
    // "wx": an existing file is never written over, its secrets belong to data that already exists.
    writeFileSync(values.out, renderEnvFile(generateSecrets(new Date())), { flag: "wx", mode: 0o600 });
    process.stdout.write(`wrote ${values.out}: next, docker compose up --build --detach\n`);
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === "EEXIST";
    const reason = exists ? "it exists already, and its secrets are those of your data" : String(error);
    process.stderr.write(`${values.out} was not written: ${reason}\n`);
    process.exitCode = 1;
  }
}
