import { SignJWT, UnsecuredJWT } from "jose";
import { expect, test } from "vitest";

import { isAcceptableToken } from "./supabase-gateway.ts";

const signed = (claims: Record<string, unknown>) =>
  new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode("s".repeat(32)));

test.each(["anon", "authenticated", "service_role"])("a signed token of the role %s may pass on", async (role) => {
  expect(isAcceptableToken(`Bearer ${await signed({ role })}`)).toBe(true);
});

test("a token that names a database role may not", async () => {
  expect(isAcceptableToken(`Bearer ${await signed({ role: "postgres" })}`)).toBe(false);
  expect(isAcceptableToken(`bearer ${await signed({ role: "supabase_admin" })}`)).toBe(false);
});

test("an unsigned token may not, and neither may what only looks like one", () => {
  expect(isAcceptableToken(`Bearer ${new UnsecuredJWT({ role: "authenticated" }).encode()}`)).toBe(false);
  expect(isAcceptableToken("Bearer a.b.c")).toBe(false);
});

test("no token, and a key of the new form, are judged by the library", () => {
  expect(isAcceptableToken(null)).toBe(true);
  expect(isAcceptableToken("Bearer sb_secret_abc")).toBe(true);
});
