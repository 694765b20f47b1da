import { spawn } from "node:child_process";
import { expect, test } from "vitest";

/** Runs a process that holds a lease for 200 ms and then does `after`; resolves with how it ended. */
function runUntilDead(after: string): Promise<{ code: number | null; signal: string | null; said: string }> {
  const watchdog = new URL("./watchdog.ts", import.meta.url).href;
  const program = `
    import { startWatchdog } from ${JSON.stringify(watchdog)};
    const watchdog = startWatchdog();
    watchdog.expectFenceBy(performance.now() + 200);
    const block = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); };
    ${after}
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal, said })));
}

test("a loop stuck past the lease ends with the process", async () => {
  const { signal, said } = await runUntilDead("setTimeout(() => { block(20_000); process.exit(0); }, 300);");
  expect(said).toContain("the watchdog ends the process");
  expect(signal).toBe("SIGKILL");
}, 30_000);

test("a process that fenced itself in time lives, and so does one whose lease was renewed", async () => {
  const fenced = "watchdog.expectFenceBy(null); block(1_500); process.exit(7);";
  expect(await runUntilDead(fenced)).toMatchObject({ code: 7, signal: null });
  const renewed = "watchdog.expectFenceBy(performance.now() + 60_000); block(1_500); process.exit(8);";
  expect(await runUntilDead(renewed)).toMatchObject({ code: 8, signal: null });
}, 30_000);
