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
 * The real platform that browser tests run against: the one FLOTILLA_URL, FLOTILLA_EMAIL and FLOTILLA_PASSWORD name, else
 * one started for this file in a data folder of its own, with a member signed up.
 */
export async function openPlatform(): Promise<Platform> {
  return await (givenPlatform() ??
    launch(["start", "--workers", "1"], async (line) => {
      const url = /dashboard (http:\/\/localhost:\d+) · API/.exec(line)?.[1];
      if (url === undefined) return null;
      const member = { email: "member@flotilla.example", password: "browser-test-password-1" };
      await signUp(url, member);
      return { url, ...member };
    }));
}

/** The same with the demo's sessions, conversations and campaign on it, for pictures. */
export async function openDemoPlatform(): Promise<Platform> {
  let url = "";
  return await (givenPlatform() ??
    launch(["demo", "--headless"], (line) => {
      url = /Dashboard (http:\/\/localhost:\d+) · test bench/.exec(line)?.[1] ?? url;
      const [, email, password] = /Sign in as (\S+) with the password (\S+)/.exec(line) ?? [];
      return email !== undefined && password !== undefined ? { url, email, password } : null;
    }));
}

function givenPlatform(): Promise<Platform> | null {
  const { FLOTILLA_URL: url, FLOTILLA_EMAIL: email, FLOTILLA_PASSWORD: password } = process.env;
  if (!url || !email || !password) return null;
  return Promise.resolve({ url, email, password, [Symbol.asyncDispose]: async () => undefined });
}

type Access = Omit<Platform, typeof Symbol.asyncDispose>;

/** Starts the launcher in a folder of its own and reads what it says until `read` has found the way in. */
async function launch(
  flags: string[],
  read: (line: string) => Promise<Access | null> | Access | null,
): Promise<Platform> {
  const folder = await mkdtemp(join(tmpdir(), "flotilla-browser-"));
  // Postgres runs as somebody else when we are root, and must be able to pass through.
  await chmod(folder, 0o755);
  const child = spawn(process.execPath, [launcher, ...flags, "--data", join(folder, "data")], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NO_COLOR: "1", NODE_ENV: "test" },
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const dispose = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const access = Promise.withResolvers<Access>();
  const said: string[] = [];
  const lines = createInterface({ input: child.stdout });
  // What is said after the way in was found is read and dropped, so that the pipe never fills.
  lines.on("line", (line) => {
    said.push(line);
    Promise.resolve(read(line)).then((found) => found && access.resolve(found), access.reject);
  });
  lines.once("close", () => access.reject(new Error(`the platform did not start:\n${said.slice(-20).join("\n")}`)));
  try {
    return { ...(await access.promise), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
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
