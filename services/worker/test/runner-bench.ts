import { createHash, randomBytes } from "node:crypto";
import { openTestStack, type TestStack } from "@flotilla/shared/testing/fixtures";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { Redis } from "ioredis";
import { createClientBreaker } from "../src/adapters/redis/client-breaker.ts";
import { parseCredentialsKey } from "../src/adapters/sealing/credentials-key.ts";
import { createSessionSealer } from "../src/adapters/sealing/sealer.ts";
import { createGroupCommit } from "../src/adapters/supabase/group-commit.ts";
import { createMessageOutbox } from "../src/adapters/supabase/message-outbox.ts";
import { createSecretStores } from "../src/adapters/supabase/secret-store.ts";
import { createSessionStore } from "../src/adapters/supabase/session-store.ts";
import { createOpenLink, type LinkEnvironment } from "../src/adapters/whatsapp/open-link.ts";
import { prepareBaileys } from "../src/boot/prepare-baileys.ts";
import { type RunnerDeps, type SessionRunner, startSessionRunner } from "../src/sessions/session-runner.ts";
import { createSlots } from "../src/sessions/slots.ts";
import type { Lease } from "../src/store-ports.ts";
import { type SimulatorProcess, startSimulator } from "./simulator-process.ts";
import { openTenant, silent, type TestTenant } from "./stack-helpers.ts";

type Row = {
  status: string;
  status_reason: string | null;
  auth_state: string | null;
  retired_auth_state: string | null;
};

/**
 * Runners of one worker as it builds them, on a real database, a real Redis and a simulated network. Two things are the
 * test's: the clock by which delays are counted stands still until it is moved, and chance is always one half.
 */
export class RunnerBench {
  readonly stack: TestStack;
  readonly tenant: TestTenant;
  readonly simulator: SimulatorProcess;
  readonly redis: Redis;
  /** What the next link is opened with. */
  environment: LinkEnvironment;
  readonly sessions: BenchSession[] = [];
  readonly deps: RunnerDeps;
  /** Shards whose lease is gone. */
  readonly lost = new Set<number>();
  dials = 0;
  /** Called when a close is about to be judged. */
  onClosed: () => void = () => {};
  #nowMs = 1_000_000;
  #nextShard = 0;

  private constructor(
    stack: TestStack,
    tenant: TestTenant,
    simulator: SimulatorProcess,
    environment: LinkEnvironment,
    epochs: Map<number, number>,
  ) {
    this.stack = stack;
    this.tenant = tenant;
    this.simulator = simulator;
    this.environment = environment;
    this.epochs = epochs;
    this.redis = new Redis(stack.redisUrl);
    const { client } = tenant;
    const holds = ({ shard }: Lease) => !this.lost.has(shard);
    const { commit } = createGroupCommit({
      client,
      worker: "bench",
      guard: {
        holds,
        validUntilMs: () => performance.now() + 60_000,
        reportFenced: ({ shard }) => void this.lost.add(shard),
      },
      ring: () => {},
      refused: () => {},
      logger: silent,
      metrics: { committed: () => {}, retried: () => {}, fenced: () => {} },
    });
    this.breaker = createClientBreaker({ redis: this.redis, clientVersion: "test", logger: silent, pollMs: 100 });
    this.deps = {
      openLink: (options) => createOpenLink(this.environment)(options),
      network: "simulated",
      commit,
      secrets: createSecretStores(client, commit),
      sessions: createSessionStore(client),
      outbox: createMessageOutbox(client),
      showCode: ({ sessionId, value }) => {
        const session = this.sessions.find(({ id }) => id === sessionId);
        if (session !== undefined) session.code = value;
      },
      dials: createSlots(10),
      suspects: createSlots(1),
      breaker: this.breaker,
      encodings: createSlots(32),
      holds,
      databaseNowMs: () => Date.now(),
      wantSweep: () => {},
      metrics: {
        sent: () => {},
        acked: () => {},
        unknown: () => {},
        closed: () => this.onClosed(),
        dialled: () => this.dials++,
        bufferFlushed: () => {},
      },
      logger: silent,
      random: () => 0.5,
      nowMs: () => this.#nowMs,
    };
  }

  readonly epochs: Map<number, number>;
  readonly breaker: ReturnType<typeof createClientBreaker>;

  static async open(environment: Partial<LinkEnvironment> = {}, flags: string[] = []): Promise<RunnerBench> {
    const [stack, simulator] = await Promise.all([openTestStack(), startSimulator(...flags)]);
    const tenant = await openTenant(stack);
    const { webSocketUrl, rootKey } = simulator;
    const baileys = await prepareBaileys({ network: { webSocketUrl, rootKey }, logger: silent });
    const credentialsKey = parseCredentialsKey(randomBytes(32).toString("base64"));
    const { owned } = await tenant.tick("bench", { ttl_ms: 600_000 });
    const epochs = new Map(owned.map(({ shard, epoch }) => [shard, epoch]));
    return new RunnerBench(
      stack,
      tenant,
      simulator,
      { baileys, logger: silent, credentialsKey, webSocketUrl, ...environment },
      epochs,
    );
  }

  /** Moves the clock of delays and makes the runners look. */
  pass(ms: number): void {
    this.#nowMs += ms;
    for (const { runner } of this.sessions) {
      runner.check();
      runner.reload();
    }
  }

  async session(name: string): Promise<BenchSession> {
    const shard = this.#nextShard++;
    const id = await this.tenant.createSession(name, shard);
    const session = new BenchSession(this, id, name, shard, `1555300${String(shard).padStart(4, "0")}`);
    this.sessions.push(session);
    await session.start();
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { runner } of this.sessions) runner.fence();
    await this.breaker[Symbol.asyncDispose]();
    this.redis.disconnect();
    await Promise.all([this.simulator[Symbol.asyncDispose](), this.stack[Symbol.asyncDispose]()]);
  }
}

/** One session of a bench, its row and its phone. */
export class BenchSession {
  readonly bench: RunnerBench;
  readonly id: string;
  readonly name: string;
  readonly shard: number;
  readonly phone: string;
  code: string | null = null;
  runner!: SessionRunner;

  constructor(bench: RunnerBench, id: string, name: string, shard: number, phone: string) {
    this.bench = bench;
    this.id = id;
    this.name = name;
    this.shard = shard;
    this.phone = phone;
  }

  /** Starts a runner on the row as it stands, as a worker does that has just claimed the shard. */
  async start(): Promise<void> {
    const { deps, epochs } = this.bench;
    const row = await deps.sessions.load(this.shard, this.id);
    this.runner = startSessionRunner(deps, row!, { shard: this.shard, epoch: epochs.get(this.shard)! });
  }

  async pair(): Promise<void> {
    const qr = await waitFor(() => this.code, { describe: "a code", timeoutMs: 30_000 });
    await this.bench.simulator.call("POST", `/phones/${this.phone}/scan-qr`, { qr });
    await this.is("connected");
  }

  async row(): Promise<Row> {
    const { data } = await this.bench.tenant.client
      .from("whatsapp_sessions")
      .select("status,status_reason,auth_state,retired_auth_state")
      .eq("id", this.id)
      .single();
    return data as Row;
  }

  async is(status: string, reason?: string | null): Promise<Row> {
    return await waitFor(
      async () => {
        const row = await this.row();
        if (row.status === status && (reason === undefined || row.status_reason === reason)) return row;
        throw new Error(`it is ${row.status} (${row.status_reason})`);
      },
      { describe: `${this.name} to be ${status} (${reason ?? "any reason"})`, timeoutMs: 30_000 },
    );
  }

  /** What makes the device the one that the phone linked: the keys that no login changes. */
  identityIn(sealed: string | null): string | null {
    if (sealed === null) return null;
    const { credentialsKey } = this.bench.environment;
    const text = createSessionSealer(credentialsKey, this.bench.tenant.tenant, this.id).unseal(
      "credentials",
      "",
      sealed,
    );
    const { noiseKey, signedIdentityKey, registrationId, advSecretKey } = JSON.parse(text) as Record<string, unknown>;
    const identity = JSON.stringify([noiseKey, signedIdentityKey, registrationId, advSecretKey]);
    return createHash("sha256").update(identity).digest("hex");
  }

  async identity(): Promise<string | null> {
    return this.identityIn((await this.row()).auth_state);
  }

  /** The changes of status that the log tells, oldest first, as "status:reason". */
  async told(): Promise<string[]> {
    const { data } = await this.bench.tenant.client
      .from("tenant_events")
      .select("data,session")
      .eq("type", "session.status_changed")
      .order("sequence");
    return (data as { data: { status: string; reason: string | null }; session: { id: string } }[])
      .filter(({ session }) => session.id === this.id)
      .map(({ data: { status, reason } }) => `${status}:${reason}`);
  }

  /** Ends the link from the network's side. */
  async end(kind: string, more: { code?: number; expire_s?: number } = {}): Promise<void> {
    const { simulator } = this.bench;
    const mine = await waitFor(
      async () => {
        const { links } = await simulator.call<{ links: { id: string; phone: string | null }[] }>("GET", "/links");
        return links.find((link) => link.phone === this.phone);
      },
      { describe: `the link of ${this.name}` },
    );
    await simulator.call("POST", `/links/${mine.id}/end`, { kind, ...more });
  }

  /** A person's request, as the API makes it. */
  async ask(request: "start" | "stop" | "restart" | "logout"): Promise<void> {
    await this.bench.tenant.control(this.name, request);
    this.runner.reload();
  }

  /** Connected with a clean history: by a link that has stood for long, or a person's restart and a scan where one is needed. */
  async fresh(): Promise<void> {
    this.code = null;
    if ((await this.row()).status === "connected" && this.runner.phase() === "open") return this.bench.pass(600_001);
    await this.ask("restart");
    const { status } = await waitFor(
      async () => {
        const row = await this.row();
        return ["awaiting_scan", "connected"].includes(row.status) && this.runner.phase() !== "idle" && row;
      },
      { describe: `${this.name} to be on its way`, timeoutMs: 30_000 },
    );
    if (status === "awaiting_scan") await this.pair();
    await this.is("connected");
  }
}
