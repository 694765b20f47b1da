import { expect, test } from "vitest";
import { createRateLimit, defaultRates } from "./rate-limit.ts";

test("a tenant may burst, is then refused with a time to come back, and another tenant is not touched", () => {
  let now = 0;
  const take = createRateLimit({ ...defaultRates, batches: { perSecond: 2, burst: 3 } }, () => now);
  for (let index = 2; index >= 0; index--) expect(take("a", "batches")["RateLimit"]).toBe(`"batches";r=${index};t=1`);
  expect(() => take("a", "batches")).toThrow(
    expect.objectContaining({ code: "rate_limited", retryAfterSeconds: 1 }) as Error,
  );
  take("b", "batches");
  take("a", "reads");
  now = 500;
  take("a", "batches");
  expect(() => take("a", "batches")).toThrow("Too many batches");
});
