import { SessionName } from "@flotilla/shared/contract/http-sessions";
import { expect, test } from "vitest";
import { toSessionName } from "./to-session-name.ts";

test.each([
  ["Sales", "sales"],
  ["  São Paulo · Loja 2 ", "sao-paulo-loja-2"],
  ["日本", ""],
  ["x".repeat(80), "x".repeat(64)],
])("%j becomes %j", (title, name) => {
  expect(toSessionName(title)).toBe(name);
  expect(SessionName.safeParse(name).success).toBe(name !== "");
});
