import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { createLogger } from "./logger.ts";
import { runPhases } from "./run-service.ts";

const moduleUrl = JSON.stringify(new URL("./run-service.ts", import.meta.url).href);

/** Runs a service in a process of its own; the body is what stands inside `start`. */
function spawnService(body: string, options = "") {
  const source = `import { runService } from ${moduleUrl};
    await runService({ name: "probe", ${options} start: async ({ logger, signal, fail }) => { ${body} } });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, "close").then(([code]) => code as number);
  const says = async (text: string) => {
    while (!output.includes(text)) await once(child.stdout, "data");
  };
  return { child, exited, says, output: () => output };
}

describe("runService", () => {
  it("ends with 0 after its phases on SIGTERM", async () => {
    const service = spawnService(`setInterval(() => {}, 1000); logger.info("up");
      return { shutdown: [{ name: "drain", deadlineMs: 1000, run: () => logger.info("drained") }] };`);
    await service.says("up");
    service.child.kill("SIGTERM");
    expect(await service.exited).toBe(0);
    expect(service.output()).toContain("drained");
  });

  it("exits at once on a second signal", async () => {
    const service = spawnService(`setInterval(() => {}, 1000); logger.info("up");
      return { shutdown: [{ name: "hang", deadlineMs: 60000, run: () => { logger.info("hanging"); return new Promise(() => {}); } }] };`);
    await service.says("up");
    service.child.kill("SIGTERM");
    await service.says("hanging");
    service.child.kill("SIGTERM");
    expect(await service.exited).toBe(1);
  });

  it("says in its first line why it cannot start", async () => {
    const service = spawnService(`throw new Error("REDIS_URL is wrong");`);
    expect(await service.exited).toBe(1);
    expect(JSON.parse(service.output().split("\n")[0] ?? "")).toMatchObject({
      level: "fatal",
      service: "probe",
      msg: "probe cannot start: REDIS_URL is wrong",
    });
  });

  it("exits with 1 on an error nobody caught, unless told that it is harmless", async () => {
    const body = `setTimeout(() => { void Promise.reject(new Error("leaked")); setTimeout(() => fail("enough"), 50); }, 10); return { shutdown: [] };`;
    const strict = spawnService(body);
    expect(await strict.exited).toBe(1);
    expect(strict.output()).toContain("nobody caught (leaked)");
    const lenient = spawnService(body, `onUncaught: () => "continue",`);
    expect(await lenient.exited).toBe(1);
    expect(lenient.output()).toContain("has to stop: enough");
  });
});

describe("runPhases", () => {
  const logger = createLogger({ service: "test", level: "silent" });

  it("goes on after a phase that fails or runs over, and says that the end was not clean", async () => {
    const done: string[] = [];
    const clean = await runPhases(
      [
        { name: "late", deadlineMs: 10, run: () => new Promise(() => {}) },
        { name: "bad", deadlineMs: 1_000, run: () => Promise.reject(new Error("no")) },
        { name: "last", deadlineMs: 1_000, run: () => void done.push("last") },
      ],
      logger,
    );
    expect(clean).toBe(false);
    expect(done).toEqual(["last"]);
  });
});
