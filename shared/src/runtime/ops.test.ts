import { describe, expect, it } from "vitest";
import { createOps } from "./ops.ts";
import { openOpsServer } from "./ops-server.ts";

function opsOf(checks: Parameters<typeof createOps>[0]["checks"], isDraining = () => false) {
  return createOps({ service: "worker", version: "1.2.3", checks, isDraining });
}
const up = async () => {};
const down = async () => Promise.reject(new Error("gone\nwith a stack"));

describe("createOps", () => {
  it("is alive whatever its components do", async () => {
    expect((await opsOf({ db: { required: true, check: down } }).answer("/livez"))?.status).toBe(200);
  });

  it.each([
    ["ok", 200, { db: { required: true, check: up } }, false],
    ["degraded", 200, { db: { required: true, check: up }, redis: { required: false, check: down } }, false],
    ["down", 503, { db: { required: true, check: down } }, false],
    ["draining", 503, { db: { required: true, check: up } }, true],
  ] as const)("says %s with %i", async (status, code, checks, draining) => {
    const answer = await opsOf(checks, () => draining).answer("/readyz");
    expect(answer?.status).toBe(code);
    expect(JSON.parse(answer?.body ?? "")).toMatchObject({ status, service: "worker", version: "1.2.3" });
  });

  it("gives the reason of a component in one line", async () => {
    const answer = await opsOf({ db: { required: true, check: down } }).answer("/health");
    expect(JSON.parse(answer?.body ?? "")).toMatchObject({ components: { db: { status: "down", error: "gone" } } });
  });

  it("looks at its components once a second at most", async () => {
    let looks = 0;
    const ops = opsOf({ db: { required: true, check: async () => void looks++ } });
    await Promise.all([ops.answer("/health"), ops.answer("/healthz"), ops.answer("/readyz")]);
    expect(looks).toBe(1);
  });

  it("is served over HTTP, and nothing else is", async () => {
    const ops = opsOf({});
    await using server = await openOpsServer({ ops, host: "127.0.0.1", port: 0 });
    const base = `http://127.0.0.1:${server.port}`;
    expect((await fetch(`${base}/healthz?x=1`)).status).toBe(200);
    expect(await (await fetch(`${base}/metrics`)).text()).toContain("process_cpu_seconds_total");
    expect((await fetch(`${base}/secret`)).status).toBe(404);
    await expect(openOpsServer({ ops, host: "127.0.0.1", port: server.port })).rejects.toThrow(
      "another program listens",
    );
  });
});
