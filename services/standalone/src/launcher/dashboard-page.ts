import { execFile } from "node:child_process";
import { existsSync, globSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { checkoutFolder } from "../embedded/folders.ts";

const run = promisify(execFile);

/** Folder of the dashboard's workspace. */
export const dashboardFolder = join(checkoutFolder, "services/dashboard");

/** Vite's command line, for the development server. */
export function viteProgram(): string {
  const require = createRequire(join(dashboardFolder, "package.json"));
  return join(dirname(require.resolve("vite/package.json")), "bin/vite.js");
}

/**
 * Builds the page when it was never built, or when a source is newer than the build (2 to 10 s).
 *
 * @throws with Vite's words when the build fails
 */
export async function buildDashboardIfStale(say: (sentence: string) => void): Promise<void> {
  const built = modifiedAt(join(dashboardFolder, "dist/index.html"));
  const newest = Math.max(
    ...["src/**/*", "public/**/*", "index.html", "vite.config.ts", "package.json"]
      .flatMap((pattern) => globSync(pattern, { cwd: dashboardFolder }))
      .map((file) => modifiedAt(join(dashboardFolder, file))),
    ...globSync("shared/src/{contract,domain}/**/*.ts", { cwd: checkoutFolder }).map((file) =>
      modifiedAt(join(checkoutFolder, file)),
    ),
  );
  if (built >= newest) return;
  say("building the dashboard (once, until its sources change)");
  const environment = { ...process.env, NODE_ENV: "production" };
  try {
    await run(process.execPath, [viteProgram(), "build"], { cwd: dashboardFolder, env: environment });
  } catch (cause) {
    const { stdout = "", stderr = "" } = cause as { stdout?: string; stderr?: string };
    throw new Error(`the dashboard cannot be built:\n${`${stdout}\n${stderr}`.trim()}`, { cause });
  }
}

function modifiedAt(file: string): number {
  return existsSync(file) ? statSync(file).mtimeMs : 0;
}
