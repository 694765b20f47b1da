import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const environment = {
  API_URL: "http://127.0.0.1:3001",
  REALTIME_URLS: "http://127.0.0.1:3002, http://127.0.0.1:3003",
  SUPABASE_URL: "http://127.0.0.1:54321",
  SUPABASE_PUBLISHABLE_KEY: "key",
};

test("replicas are a list, the simulator is optional", () => {
  const { upstreams } = readConfig({ ...environment, SIMULATOR_URL: "" });
  expect(upstreams.realtime).toEqual(["http://127.0.0.1:3002", "http://127.0.0.1:3003"]);
  expect(upstreams.simulator).toBeUndefined();
});

test("one message names every mistake", () => {
  expect(() => readConfig({ ...environment, API_URL: "nonsense", SUPABASE_PUBLISHABLE_KEY: "" })).toThrow(
    /API_URL[^]*SUPABASE_PUBLISHABLE_KEY/,
  );
});
