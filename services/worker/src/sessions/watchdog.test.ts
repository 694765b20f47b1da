import { type ChildProcess, spawn } from "node:child_process";
import { expect, test } from "vitest";

/** Runs a process that holds a lease for 200 ms and then does `after`; resolves with how it ended. `onLine`: it printed one. */
function runUntilDead(
  after: string,
  onLine: (child: ChildProcess) => void = () => {},
): Promise<{ code: number | null; signal: string | null; said: string }> {
  const watchdog = new URL("./watchdog.ts", import.meta.url).href;
  const program = `
    import { startWatchdog } from ${JSON.stringify(watchdog)};
    const watchdog = startWatchdog();
    watchdog.expectFenceBy(performance.now() + 200);
    const block = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); };
    ${after}
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.on("data", () => onLine(child));
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

test("a process that was frozen past its lease may fence itself when it wakes up", async () => {
  const noticing = `
    const until = performance.now() + 1_500;
    watchdog.expectFenceBy(until);
    const look = setInterval(() => {
      if (performance.now() < until) return;
      clearInterval(look);
      block(250); // there is much to do after a freeze
      watchdog.expectFenceBy(null);
      setTimeout(() => process.exit(9), 1_000);
    }, 20);
    setTimeout(() => console.log("holds it, and its watchdog has begun"), 1_000);
  `;
  const freeze = (child: ChildProcess): void => {
    child.kill("SIGSTOP");
    setTimeout(() => child.kill("SIGCONT"), 2_000);
  };
  expect(await runUntilDead(noticing, freeze)).toMatchObject({ code: 9, signal: null });
}, 30_000);
