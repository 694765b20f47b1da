import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const launcher = fileURLToPath(new URL("../../flotilla.mjs", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flotilla-demo-"));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the demo to its end; `onLine` sees every line it prints. */
async function runDemo(flags: string[], onLine: (line: string) => void) {
  const json = join(folder, "result.json");
  const child = spawn(
    process.execPath,
    [launcher, "demo", "--exit", "--headless", "--json", json, "--data", join(folder, "data"), ...flags],
    { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, NO_COLOR: "1", NODE_ENV: "test" } },
  );
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    onLine(line);
  });
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, lines, result: JSON.parse(readFileSync(json, "utf8")) as Record<string, number> };
}

function pidOf(name: string): number {
  const list = JSON.parse(readFileSync(join(folder, "data/processes.json"), "utf8")) as {
    children: { name: string; pid: number }[];
  };
  return list.children.find((child) => child.name === name)!.pid;
}

/** How often a worker said in this run that a code is to be scanned. */
const codesIssued = () => readFileSync(join(folder, "data/logs/demo.log"), "utf8").match(/QR code/g)?.length ?? 0;

describe("the demo", () => {
  test("a worker killed with -9 in the middle of the campaign costs no message and doubles none", async () => {
    let killed = 0;
    const { status, lines, result } = await runDemo(
      ["--recipients", "200", "--sessions", "2", "--workers", "2"],
      (line) => {
        const sent = Number(/^ Campaign\s+(\d+) \//.exec(line)?.[1] ?? 0);
        if (sent === 0 || killed > 0) return;
        killed = pidOf("worker 2");
        process.kill(killed, "SIGKILL");
      },
    );

    expect(killed).toBeGreaterThan(0);
    expect(codesIssued()).toBeGreaterThan(0);
    expect(lines.join("\n")).toContain("worker 2 is gone");
    expect(result).toMatchObject({ lost: 0, duplicates: 0, failed: 0 });
    expect(result["sent"]).toBe(result["accepted"]);
    expect(result["accepted"]).toBeGreaterThan(190);
    expect(status).toBe(0);
  });

  test("a second run finds its sessions connected again without a code", async () => {
    const { status, lines, result } = await runDemo(["--recipients", "20", "--sessions", "2"], () => undefined);

    expect(result).toMatchObject({ lost: 0, duplicates: 0 });
    expect(lines.join("\n")).toContain("2 sessions connected");
    expect(codesIssued()).toBe(0);
    expect(status).toBe(0);
  });
});
