import { describe, expect, it } from "vitest";
import { bindIds, createLogger } from "./logger.ts";

function openLog() {
  const lines: string[] = [];
  const logger = createLogger({ service: "api", destination: { write: (line) => void lines.push(line) } });
  return { logger, records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe("createLogger", () => {
  it("writes JSON with the service, a level in words and the bound ids", () => {
    const { logger, records } = openLog();
    bindIds(logger, { sessionId: "s1", shard: 3 }).info("session taken");
    expect(records()).toMatchObject([
      { level: "info", service: "api", sessionId: "s1", shard: 3, msg: "session taken" },
    ]);
  });

  it("cuts secrets by path and by shape", () => {
    const { logger, records } = openLog();
    logger.info({ authorization: "Bearer x", client: { secretKey: "k" } }, "call from +491701234567");
    expect(records()).toMatchObject([
      { authorization: "[cut]", client: { secretKey: "[cut]" }, msg: "call from +49…67" },
    ]);
  });

  it("keeps the causes of an error", () => {
    const { logger, records } = openLog();
    logger.error({ error: new Error("outer", { cause: new Error("inner") }) }, "failed");
    expect(JSON.stringify(records())).toContain("inner");
  });
});
