import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jwtVerify } from "jose";
import { afterAll, expect, test } from "vitest";

import { generateSecrets, renderEnvFile } from "../docker/generate-env.ts";
import { ROOT } from "./load-compose.ts";

const folder = mkdtempSync(join(tmpdir(), "flotilla-env-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["SUPABASE_PUBLISHABLE_KEY", "anon"],
  ["SUPABASE_SECRET_KEY", "service_role"],
])("%s is a token of the role %s, signed with this installation's secret", async (name, role) => {
  const secrets = generateSecrets(new Date());
  const secret = new TextEncoder().encode(secrets["SUPABASE_JWT_SECRET"]);
  const { payload } = await jwtVerify(secrets[name] as string, secret, { algorithms: ["HS256"] });
  expect(payload).toMatchObject({ role });
  await expect(jwtVerify(secrets[name] as string, new TextEncoder().encode("another".repeat(6)))).rejects.toThrow(
    "signature verification failed",
  );
});

test("no secret is shared between two installations, and each is long enough", () => {
  const [one, other] = [generateSecrets(new Date()), generateSecrets(new Date())];
  for (const name of Object.keys(one)) {
    expect(one[name]).not.toBe(other[name]);
    expect(one[name]?.length).toBeGreaterThanOrEqual(32);
  }
  expect(Buffer.from(one["CREDENTIALS_KEY"] as string, "base64")).toHaveLength(32);
});

test("passwords can stand inside an address as they are", () => {
  const { POSTGRES_PASSWORD: password } = generateSecrets(new Date());
  expect(new URL(`postgres://postgres:${password}@db:5432/postgres`).password).toBe(password);
});

test("no value needs quoting in a .env file", () => {
  for (const line of renderEnvFile(generateSecrets(new Date())).trim().split("\n")) {
    expect(line).toMatch(/^(#.*|[A-Z_]+=[\w.+/=-]+)$/);
  }
});

test("the command writes a file for its owner only, and refuses to write over one", () => {
  const out = join(folder, ".env");
  const run = (): string =>
    execFileSync(process.execPath, [join(ROOT, "docker/generate-env.ts"), "--out", out], {
      encoding: "utf8",
      stdio: "pipe",
    });
  run();
  expect(statSync(out).mode & 0o777).toBe(0o600);
  const before = readFileSync(out, "utf8");
  expect(run).toThrow(/exists already/);
  expect(readFileSync(out, "utf8")).toBe(before);
});
