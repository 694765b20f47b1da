import { openTestStack } from "@flotilla/shared/testing/fixtures";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";

const main = new URL("../src/main.ts", import.meta.url).pathname;

/** A machine that runs every suite at once takes its time to start a process. */
const patienceMs = 120_000;

test(
  "the process starts from its environment, and told to end it answers who waits and exits with 0",
  async () => {
    await using stack = await openTestStack();
    const { accessToken } = await stack.signUp();
    const child = spawn(process.execPath, [main], {
      env: {
        SUPABASE_URL: stack.supabaseUrl,
        SUPABASE_SECRET_KEY: stack.secretKey,
        SUPABASE_JWT_SECRET: stack.jwtSecret,
        REDIS_URL: stack.redisUrl,
        PORT: "0",
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    using _ = { [Symbol.dispose]: () => void child.kill("SIGKILL") };
    let output = "";
    child.stdout.on("data", (piece) => (output += piece));
    const exited = once(child, "exit");
    const url = await waitFor(() => /listens on (http:[^,"]+)/.exec(output)?.[1], {
      describe: "the address",
      timeoutMs: patienceMs,
    });

    const headers = { authorization: `Bearer ${accessToken}`, "content-type": "application/json" };
    const session = await fetch(`${url}/v1/sessions`, { method: "POST", headers, body: '{"name":"waits"}' });
    expect(session.status).toBe(201);
    const waits = [
      fetch(`${url}/v1/events?after=1&wait=25`, { headers }),
      fetch(`${url}/v1/sessions/waits/qr?wait=25`, { headers }),
    ];
    const begun = performance.now();
    await waitFor(
      async () => {
        const metrics = await (await fetch(`${url}/livez`, { headers })).text();
        return metrics.includes("ok") && performance.now() - begun > 200;
      },
      { describe: "both waits to be under way" },
    );
    child.kill("SIGTERM");
    expect((await Promise.all(waits)).map((answer) => answer.status)).toEqual([200, 204]);
    expect(await exited).toEqual([0, null]);
    expect(performance.now() - begun).toBeLessThan(25_000);
    expect(output).toContain("api has stopped");
  },
  patienceMs,
);

test(
  "a start with bad settings names each of them and exits with 1",
  async () => {
    const child = spawn(process.execPath, [main], {
      env: { REDIS_URL: "http://x", PORT: "99999" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (piece) => (output += piece));
    expect(await once(child, "exit")).toEqual([1, null]);
    for (const name of ["REDIS_URL", "PORT", "SUPABASE_URL", "SUPABASE_SECRET_KEY"]) expect(output).toContain(name);
  },
  patienceMs,
);
