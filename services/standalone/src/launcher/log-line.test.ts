import { expect, test } from "vitest";

import { formatLogLine } from "./log-line.ts";

const plain = { form: "readable", color: false } as const;
const time = new Date(2026, 0, 2, 3, 4, 5).getTime();
const pino = (fields: Record<string, unknown>) => JSON.stringify({ level: 30, time, pid: 1, hostname: "h", ...fields });

test("a line of pino becomes one line for people, with its bindings", () => {
  expect(formatLogLine("worker 1", pino({ msg: "Session connected", sessionId: "s1", shard: 7 }), plain)).toBe(
    "worker 1   │ 03:04:05 Session connected  sessionId=s1 shard=7",
  );
});

test("warnings and errors are marked, and an error says its message, not its stack", () => {
  expect(formatLogLine("api", pino({ level: 40, msg: "Slow" }), plain)).toBe("api        │ 03:04:05 ⚠ Slow");
  const failed = pino({ level: 50, msg: "Failed", err: { type: "Error", message: "why", stack: "Error: why\n at x" } });
  expect(formatLogLine("api", failed, plain)).toBe("api        │ 03:04:05 ✖ Failed  error=why");
});

test("levels as words and times as text, the form of our services, read the same", () => {
  const ours = JSON.stringify({
    level: "warn",
    time: new Date(time).toISOString(),
    service: "api",
    pid: 1,
    msg: "Slow",
  });
  expect(formatLogLine("api", ours, plain)).toBe("api        │ 03:04:05 ⚠ Slow");
});

test("what is not pino's is shown as it came", () => {
  expect(formatLogLine("api", "(node:1) Warning", plain)).toBe("api        │ (node:1) Warning");
  expect(formatLogLine("api", '{"a":1}', plain)).toBe('api        │ {"a":1}');
});

test("JSON passes through untouched where something collects it", () => {
  const line = pino({ msg: "Ready" });
  expect(formatLogLine("api", line, { form: "json", color: false })).toBe(line);
});
