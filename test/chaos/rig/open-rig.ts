import { mkdtempSync, rmSync } from "node:fs";
import { createWriteStream, type WriteStream } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApiClient } from "../../../services/standalone/src/demo/api-client.ts";
import { signInDemoMember } from "../../../services/standalone/src/demo/member.ts";
import { connectDemoSessions } from "../../../services/standalone/src/demo/pair-sessions.ts";
import type { NewEvent } from "../history/recorder.ts";
import { type Database, openDatabase } from "./database.ts";
import { type Fleet, type Lease, openFleet } from "./fleet.ts";
import { createSimulatorClient, type SimulatorClient } from "./simulator-client.ts";
import { openStack, type Stack } from "./stack.ts";

/** A linked session that takes part. */
export interface RigSession {
  id: string;
  phone: string;
  shard: number;
  device: number;
}

/** The whole platform with its workers behind proxies, and sessions that are linked and connected. */
export interface Rig extends AsyncDisposable {
  readonly folder: string;
  readonly seed: number;
  readonly lease: Lease;
  readonly stack: Stack;
  readonly fleet: Fleet;
  readonly simulator: SimulatorClient;
  readonly database: Database;
  readonly sessions: readonly RigSession[];
  readonly token: () => Promise<string>;
  /** Where log lines that matter go; nowhere between scenarios. */
  listen(note: (event: NewEvent) => void): void;
}

export interface RigOptions {
  seed: number;
  workers: number;
  sessions: number;
  lease: Lease;
  /** A mechanism that every worker runs without; null: whole. */
  without: string | null;
  say: (sentence: string) => void;
  /** Keeps the folder with logs and histories, and says where it is. */
  keep: boolean;
}

const pairedAtOnce = 3;

/** Starts the rig in a fresh folder. What was started is ended again when a later part does not start. */
export async function openRig(options: RigOptions): Promise<Rig> {
  const { seed, say } = options;
  await using starting = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "flotilla-chaos-"));
  starting.defer(() => {
    if (options.keep) say(`histories and logs: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  });
  const logs = new Map<string, WriteStream>();
  starting.defer(() => {
    for (const log of logs.values()) log.end();
  });
  const onLine = (service: string, line: string) => {
    const name = service.replaceAll(" ", "-");
    const log = logs.get(name) ?? createWriteStream(join(folder, `${name}.log`), { flags: "a", mode: 0o600 });
    logs.set(name, log);
    log.write(`${line}\n`);
  };
  let note: (event: NewEvent) => void = () => undefined;

  const began = performance.now();
  const stack = starting.use(await openStack({ folder, seed, logLevel: "info", onLine }));
  const database = starting.use(await openDatabase(stack.databaseUrl));
  const fleet = starting.use(
    await openFleet({
      stack,
      folder,
      size: options.workers,
      seed,
      lease: options.lease,
      without: options.without,
      onLine,
      note: (event) => note(event),
    }),
  );
  await Promise.all(fleet.slots.map((slot) => fleet.start(slot)));
  say(`stack and ${options.workers} workers are up (${seconds(began)})`);

  const simulator = createSimulatorClient(stack.addresses.simulator.url);
  const { supabaseUrl, publishableKey, apiUrl } = stack.addresses;
  const credentials = { email: "chaos@flotilla.example", password: "chaos-password-1" };
  const member = starting.use(await signInDemoMember(supabaseUrl, publishableKey, credentials));
  const api = createApiClient(apiUrl, member.token);
  // A few at a time: each makes hundreds of keys, and a busy loop misses its heartbeats.
  for (let count = 0; count < options.sessions;) {
    count = Math.min(options.sessions, count + pairedAtOnce);
    await connectDemoSessions(api, stack.addresses.simulator.url, count);
  }
  const sessions = await Promise.all(
    (await database.sessions()).map(async ({ id, phone, shard }) => {
      const [device] = await simulator.devices(phone.replace("+", ""));
      return { id, phone: phone.replace("+", ""), shard, device: device ?? 0 };
    }),
  );
  say(`${sessions.length} sessions are connected (${seconds(began)})`);

  const running = starting.move();
  return {
    folder,
    seed,
    lease: options.lease,
    stack,
    fleet,
    simulator,
    database,
    sessions,
    token: member.token,
    listen(listener) {
      note = listener;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function seconds(began: number): string {
  return `${((performance.now() - began) / 1_000).toFixed(1)} s`;
}
