import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigError, loadConfig } from "./load-config.ts";

const schema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3001).describe("a port between 0 and 65535"),
  SUPABASE_URL: z.url().describe("address of the Supabase API"),
  SUPABASE_SECRET_KEY: z.string().min(10).describe("the sb_secret_ key"),
});
const good = { SUPABASE_URL: "http://127.0.0.1:54321", SUPABASE_SECRET_KEY: "sb_secret_abcdef" };

function mistakesOf(environment: Record<string, string>): ConfigError {
  try {
    loadConfig(schema, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error;
  }
  throw new Error("the configuration was accepted");
}

describe("loadConfig", () => {
  it("returns a frozen value with defaults and without foreign variables", () => {
    const config = loadConfig(schema, { ...good, HOME: "/root" });
    expect(config).toEqual({ PORT: 3001, ...good });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it("takes an empty variable for an absent one", () => {
    expect(loadConfig(schema, { ...good, PORT: " " }).PORT).toBe(3001);
  });

  it("names every bad variable at once with what to do", () => {
    const error = mistakesOf({ PORT: "eighty", SUPABASE_URL: "nowhere" });
    expect(error.variables).toEqual(["PORT", "SUPABASE_URL", "SUPABASE_SECRET_KEY"]);
    expect(error.message).toContain('PORT is "eighty"');
    expect(error.message).toContain("a port between 0 and 65535");
    expect(error.message).toContain("SUPABASE_SECRET_KEY is not set: the sb_secret_ key");
  });

  it("never repeats the value of a secret", () => {
    expect(mistakesOf({ ...good, SUPABASE_SECRET_KEY: "hunter2" }).message).not.toContain("hunter2");
  });
});
