import { Problem } from "@flotilla/shared/contract/problem";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultRates } from "../src/http/rate-limit.ts";
import { openRunningApi, type RunningApi } from "./running-api.ts";

let api: RunningApi;
beforeAll(async () => {
  api = await openRunningApi(undefined, { ...defaultRates, writes: { perSecond: 0.01, burst: 2 } });
});
afterAll(() => api[Symbol.asyncDispose]());

test("a tenant that asks too often is told when to come back, and others are not held up", async () => {
  const create = (name: string, token?: string) =>
    api.call("POST", "/v1/sessions", { body: { name, start: false }, ...(token === undefined ? {} : { token }) });
  expect((await create("one")).status).toBe(201);
  expect((await create("two")).status).toBe(201);

  const refused = await create("three");
  expect(refused.status).toBe(429);
  expect(Problem.parse(refused.body).code).toBe("rate_limited");
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);

  const neighbour = await api.stack.signUp();
  expect((await create("one", neighbour.accessToken)).status).toBe(201);
  expect((await api.call("GET", "/v1/sessions")).status).toBe(200);
});
