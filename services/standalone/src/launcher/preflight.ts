import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";

import { ownFolder } from "../embedded/folders.ts";
import type { Options } from "../options.ts";

/** What must be true before anything is started. Returns every problem, each with its cure; empty when all is well. */
export function findProblems(options: Options, environment: NodeJS.ProcessEnv): string[] {
  const problems: string[] = [];
  if (process.platform !== "linux" && process.platform !== "darwin") {
    problems.push(`${process.platform} is not supported: on Windows use WSL`);
  }
  if (environment["NODE_ENV"] === "production" && !options.allowProduction && usesEmbedded(environment)) {
    problems.push(
      "NODE_ENV is production, and the embedded stack is for development, tests and demonstrations. " +
        "Set SUPABASE_URL and REDIS_URL, or say --allow-production",
    );
  }
  const folder = folderProblem(options.dataFolder);
  if (folder !== null) problems.push(folder);
  return problems;
}

/** Whether any part of the stack would be embedded. */
function usesEmbedded(environment: NodeJS.ProcessEnv): boolean {
  return !environment["SUPABASE_URL"] || !environment["REDIS_URL"];
}

function folderProblem(folder: string): string | null {
  try {
    ownFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `the data folder ${folder} cannot be used: ${reason}. Choose another with --data or FLOTILLA_DATA_DIR`;
  }
  const closed = process.getuid?.() === 0 ? closedParent(folder) : null;
  if (closed === null) return null;
  return (
    `the data folder ${folder} lies in ${closed}, which is closed to other users, and Postgres does not run as root. ` +
    "Choose another with --data or FLOTILLA_DATA_DIR"
  );
}

/** The first parent that the unprivileged Postgres user could not pass through. */
function closedParent(folder: string): string | null {
  for (let current = folder; ; current = dirname(current)) {
    if ((statSync(current).mode & 0o001) === 0) return current;
    if (current === dirname(current)) return null;
  }
}
