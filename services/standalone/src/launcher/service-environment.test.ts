import { expect, test } from "vitest";

import { type PlatformAddresses, serviceEnvironment, type ServiceKind } from "./service-environment.ts";

const addresses: PlatformAddresses = {
  supabaseUrl: "http://127.0.0.1:54321",
  publishableKey: "publishable",
  secretKey: "service secret",
  jwtSecret: "jwt secret",
  jwksUrl: undefined,
  redisUrl: "redis://127.0.0.1:6379",
  apiUrl: "http://127.0.0.1:3001",
  realtimeUrls: ["http://127.0.0.1:3002", "http://127.0.0.1:3012"],
  dashboardUrl: "http://localhost:5173",
  simulator: { url: "http://127.0.0.1:3010", whatsappUrl: "ws://127.0.0.1:3010/ws/chat", rootKey: "root" },
  credentialsKey: "credentials secret",
};
const place = { port: 4000, nodeEnv: "development", logLevel: "info", simulatorFolder: "/data/simulator" };
const of = (kind: ServiceKind, more: Partial<PlatformAddresses> = {}) =>
  serviceEnvironment(kind, { ...addresses, ...more }, place);

test.each([
  ["api", ["service secret", "jwt secret"]],
  ["worker", ["service secret", "credentials secret"]],
  ["realtime", ["service secret", "jwt secret"]],
  ["simulator", []],
  ["dashboard", []],
] as const)("the %s gets the secrets it works with and no other", (kind, secrets) => {
  const given = Object.values(of(kind)).filter((value) => value.endsWith("secret"));
  expect(given.toSorted()).toEqual([...secrets].toSorted());
});

test("without a simulator nothing points at one, so the worker connects to the real network", () => {
  for (const kind of ["api", "worker", "dashboard"] as const) {
    const names = Object.keys(of(kind, { simulator: undefined }));
    expect(names.filter((name) => /SIMULATOR|WHATSAPP/.test(name))).toEqual([]);
  }
  expect(of("worker")).toMatchObject({ WHATSAPP_URL: "ws://127.0.0.1:3010/ws/chat", WHATSAPP_ROOT_KEY: "root" });
});
