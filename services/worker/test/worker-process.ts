import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { TestStack } from "@flotilla/shared/testing/fixtures";

/** A worker in a process of its own, on a test stack. */
export interface WorkerProcess {
  child: ChildProcess;
  /** Its lines, log and others. */
  lines: string[];
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `program` (a file of this folder or of src) with short leases, so that a takeover takes seconds. */
export function startWorkerProcess(
  program: string,
  stack: TestStack,
  more: Record<string, string> = {},
  onLine: (line: string) => void = () => {},
): WorkerProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL(program, import.meta.url))], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      PORT: "0",
      LOG_LEVEL: "info",
      REDIS_URL: stack.redisUrl,
      SUPABASE_URL: stack.supabaseUrl,
      SUPABASE_SECRET_KEY: stack.secretKey,
      WHATSAPP_URL: "ws://127.0.0.1:9/ws/chat",
      CREDENTIALS_KEY: Buffer.alloc(32, 1).toString("base64"),
      LEASE_TTL_MS: "3000",
      LEASE_MARGIN_MS: "1000",
      HEARTBEAT_MS: "200",
      SETTLE_MS: "300",
      SWEEP_MS: "1000",
      ...more,
    },
  });
  const lines: string[] = [];
  const take = (line: string) => {
    lines.push(line);
    onLine(line);
  };
  createInterface({ input: child.stdout }).on("line", take);
  createInterface({ input: child.stderr }).on("line", take);
  return {
    child,
    lines,
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
      child.kill(signal);
      return await exited;
    },
  };
}
