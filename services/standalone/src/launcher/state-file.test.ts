import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { loadState } from "./state-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flotilla-state-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the first start makes secrets that only this user can read, and the next finds them again", () => {
  const state = loadState(folder);
  expect(state.supabase.secretKey).toMatch(/^sb_secret_[\w-]{22}_[\w-]{8}$/);
  expect(state.supabase.publishableKey).toMatch(/^sb_publishable_[\w-]{22}_[\w-]{8}$/);
  expect(Buffer.from(state.credentialsKey, "base64")).toHaveLength(32);
  expect(statSync(join(folder, "state.json")).mode & 0o777).toBe(0o600);
  expect(loadState(folder)).toEqual(state);
});

test("two folders share no secret", () => {
  const other = mkdtempSync(join(tmpdir(), "flotilla-state-"));
  const [one, two] = [loadState(folder), loadState(other)];
  rmSync(other, { recursive: true });
  expect(one.supabase.jwtSecret).not.toBe(two.supabase.jwtSecret);
  expect(one.credentialsKey).not.toBe(two.credentialsKey);
});

test("a state file that cannot be understood is never replaced", () => {
  writeFileSync(join(folder, "state.json"), "{ cut off");
  expect(() => loadState(folder)).toThrow(/cannot be understood.*npm run reset/);
  expect(readFileSync(join(folder, "state.json"), "utf8")).toBe("{ cut off");
});
