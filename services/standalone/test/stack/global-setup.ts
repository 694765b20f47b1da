import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { endLeftover, isProcess } from "../../src/embedded/leftovers.ts";
import { openControlServer } from "./control-server.ts";
import { openTestCluster } from "./test-cluster.ts";

const PARENT = "/var/tmp";
const PREFIX = "flotilla-test-";

/** vitest calls this once for each project that needs the embedded stack; what it returns runs at the end. */
export async function setup(): Promise<() => Promise<void>> {
  await sweepAbandonedRuns();
  const folder = join(PARENT, `${PREFIX}${process.pid}-${Date.now().toString(36)}`);
  const server = await openControlServer(async () => {
    mkdirSync(folder, { mode: 0o711 });
    writeFileSync(join(folder, "owner.pid"), String(process.pid));
    return await openTestCluster(folder);
  });
  // The forked test processes inherit it; shared/testing/fixtures.ts reads it.
  process.env["FLOTILLA_TEST_CONTROL_URL"] = server.url;
  return async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  };
}

/** A run that was killed left its servers behind: the next one ends them, by pid and command line. */
async function sweepAbandonedRuns(): Promise<void> {
  for (const name of readdirSync(PARENT).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(PARENT, name);
    if (isProcess(readPid(join(folder, "owner.pid")), "")) continue;
    const pidFiles = [join(folder, "postgres/cluster/postmaster.pid")];
    for (const entry of readdirSync(folder)) {
      if (entry.startsWith("redis-")) pidFiles.push(join(folder, entry, "redis.pid"));
    }
    for (const file of pidFiles) {
      await endLeftover({ pid: readPid(file), commandLineHas: folder, signal: "SIGINT", deadlineMs: 5_000 });
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

function readPid(file: string): number {
  try {
    return Number.parseInt(readFileSync(file, "utf8"), 10);
  } catch {
    return 0;
  }
}
