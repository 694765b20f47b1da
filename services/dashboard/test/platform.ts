import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Platform {
  /** Where the dashboard is. */
  url: string;
  email: string;
  password: string;
  [Symbol.asyncDispose](): Promise<void>;
}

const launcher = fileURLToPath(new URL("../../standalone/flotilla.mjs", import.meta.url));

/**
 * The real platform that browser tests and screenshots run against: the one FLOTILLA_URL, FLOTILLA_EMAIL and
 * FLOTILLA_PASSWORD name, else one started for this file in a data folder of its own, with a member signed up.
 */
export async function openPlatform(): Promise<Platform> {
  const { FLOTILLA_URL, FLOTILLA_EMAIL, FLOTILLA_PASSWORD } = process.env;
  if (FLOTILLA_URL && FLOTILLA_EMAIL && FLOTILLA_PASSWORD) {
    return {
      url: FLOTILLA_URL,
      email: FLOTILLA_EMAIL,
      password: FLOTILLA_PASSWORD,
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  const folder = await mkdtemp(join(tmpdir(), "flotilla-browser-"));
  // Postgres runs as somebody else when we are root, and must be able to pass through.
  await chmod(folder, 0o755);
  const child = spawn(process.execPath, [launcher, "start", "--workers", "1", "--data", join(folder, "data")], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NO_COLOR: "1", NODE_ENV: "test" },
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const dispose = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const url = await dashboardUrlOf(child.stdout);
    const member = { email: "member@flotilla.example", password: "browser-test-password-1" };
    await signUp(url, member);
    return { url, ...member, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** The launcher says where things are once all are up; what it says afterwards is read and dropped. */
async function dashboardUrlOf(output: NodeJS.ReadableStream): Promise<string> {
  const said: string[] = [];
  return await new Promise((resolve, reject) => {
    const lines = createInterface({ input: output });
    lines.on("line", (line) => {
      said.push(line);
      const found = /dashboard (http:\/\/localhost:\d+) · API/.exec(line);
      if (found) resolve(found[1]!);
    });
    lines.once("close", () => reject(new Error(`the platform did not start:\n${said.slice(-20).join("\n")}`)));
  });
}

async function signUp(url: string, member: { email: string; password: string }): Promise<void> {
  const config = (await (await fetch(`${url}/config.json`)).json()) as { supabasePublishableKey: string };
  const answer = await fetch(`${url}/supabase/auth/v1/signup`, {
    method: "POST",
    headers: { "content-type": "application/json", apikey: config.supabasePublishableKey },
    body: JSON.stringify(member),
  });
  if (!answer.ok) throw new Error(`sign-up: ${answer.status} ${await answer.text()}`);
}
