import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const good = {
  REDIS_URL: "redis://127.0.0.1:6379",
  SUPABASE_URL: "http://127.0.0.1:54321",
  SUPABASE_SECRET_KEY: "sb_secret_0123456789abcdef",
  CREDENTIALS_KEY: Buffer.alloc(32, 1).toString("base64"),
};

test("without a simulator the real network is meant, and a fleet is given time to gather", () => {
  expect(readConfig(good)).toMatchObject({ whatsapp: { network: "whatsapp", url: null }, lease: { settleMs: 2_500 } });
  const simulated = readConfig({ ...good, WHATSAPP_URL: "ws://127.0.0.1:3010/ws/chat" });
  expect(simulated).toMatchObject({ whatsapp: { network: "simulated" }, lease: { settleMs: 500 } });
});

test("every start has an id of its own", () => {
  expect(readConfig(good).worker).not.toBe(readConfig(good).worker);
});

test.each([
  [{ CREDENTIALS_KEY: "" }, /CREDENTIALS_KEY is not set/],
  [{ WHATSAPP_URL: "http://127.0.0.1" }, /WHATSAPP_URL/],
  [{ LEASE_TTL_MS: "1000", LEASE_MARGIN_MS: "800" }, /no room for two heartbeats/],
  [{ FLOTILLA_WITHOUT: "fence" }, /refused on the real network/],
  [{ FLOTILLA_WITHOUT: "fence", WHATSAPP_URL: "ws://127.0.0.1:1", NODE_ENV: "production" }, /refused .* in production/],
  [{ FLOTILLA_WITHOUT: "luck", WHATSAPP_URL: "ws://127.0.0.1:1" }, /FLOTILLA_WITHOUT/],
  [{ WHATSAPP_ROOT_KEY: "ab" }, /refused on the real one/],
])("settings that cannot work are refused by name: %o", (change, message) => {
  expect(() => readConfig({ ...good, ...change })).toThrow(message);
});
