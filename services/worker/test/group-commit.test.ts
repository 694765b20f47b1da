import type { ServiceClient } from "@flotilla/shared/runtime/supabase";
import { openTestStack, type TestStack } from "@flotilla/shared/testing/fixtures";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createGroupCommit } from "../src/adapters/supabase/group-commit.ts";
import { createSecretStores } from "../src/adapters/supabase/secret-store.ts";
import { ClaimRefused, LeaseLost } from "../src/ports.ts";
import { type Lease, type SessionScope, WriteRefused } from "../src/store-ports.ts";
import { openTenant, silent, type TestTenant } from "./stack-helpers.ts";

const worker = "worker-test";
let stack: TestStack;
let tenant: TestTenant;
let epochs: Map<number, number>;

beforeAll(async () => {
  stack = await openTestStack();
  tenant = await openTenant(stack);
  await claimAll();
});
afterAll(() => stack[Symbol.asyncDispose]());

const leaseOf = (shard: number): Lease => ({ shard, epoch: epochs.get(shard)! });

async function newScope(name: string, shard: number): Promise<SessionScope> {
  const sessionId = await tenant.createSession(name, shard);
  return {
    tenantId: tenant.tenant,
    sessionId,
    get lease() {
      return leaseOf(shard);
    },
  };
}

/** Claims every shard anew, as a process that has just started would: its commits are numbered from one. */
async function claimAll(): Promise<void> {
  const { owned } = await tenant.tick(worker, { rejoin: true });
  epochs = new Map(owned.map(({ shard, epoch }) => [shard, epoch]));
}

/** A writer on the real stack whose calls can be watched and whose answers can be lost. */
async function openWriter({ loseAnswers = 0, leaseMs = 10_000 } = {}) {
  await claimAll();
  const calls: { commit_no: number; shards: unknown[]; keys?: unknown[] }[] = [];
  const fenced: Lease[] = [];
  const rings: [string, number][] = [];
  const refused: string[] = [];
  const until = performance.now() + leaseMs;
  let lost = 0;
  const client = {
    rpc(name: string, args: { p: (typeof calls)[number] }) {
      calls.push(args.p);
      const call = tenant.client.rpc(name, args);
      return {
        abortSignal: async (signal: AbortSignal) => {
          const answer = await call.abortSignal(signal);
          return lost++ < loseAnswers
            ? { data: null, status: 0, error: { message: "fetch failed", details: "", hint: "", code: "" } }
            : answer;
        },
      };
    },
  } as unknown as ServiceClient;
  const { commit, idle } = createGroupCommit({
    client,
    worker,
    guard: {
      holds: () => performance.now() < until,
      validUntilMs: () => until,
      reportFenced: (lease) => fenced.push(lease),
    },
    ring: (id, head) => rings.push([id, head]),
    refused: ({ sessionId }) => refused.push(sessionId),
    logger: silent,
    metrics: { committed: () => {}, retried: () => {}, fenced: () => {} },
  });
  return { commit, idle, calls, fenced, rings, refused, secrets: createSecretStores(tenant.client, commit) };
}

const key = (keyId: string, value: string | null = keyId) => ({ type: "session", keyId, value });

test("writes that come while a commit is out leave together in the next one", async () => {
  const scope = await newScope("batching", 1);
  const other = await newScope("batching-2", 2);
  const writer = await openWriter();
  const writes = [writer.commit(scope, { keys: [key("a")] })];
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  for (let n = 0; n < 20; n++) writes.push(writer.commit(n % 2 ? scope : other, { keys: [key(`k${n}`)] }));
  await Promise.all(writes);
  expect(writer.calls).toHaveLength(2);
  expect(writer.calls[1]!.shards).toHaveLength(2);
  const secrets = writer.secrets(other);
  expect([...(await secrets.readKeys("session", ["k0", "k1", "k2", "gone"])).keys()].toSorted()).toEqual(["k0", "k2"]);
});

test("of two writes of one key in one commit the last counts, a deletion too", async () => {
  const scope = await newScope("last-wins", 1);
  const writer = await openWriter();
  const all = [
    writer.commit(scope, { keys: [key("x", "1"), key("y", "1"), key("z", null)] }),
    writer.commit(scope, { keys: [key("x", "2"), key("y", null), key("z", "3")] }),
  ];
  await Promise.all(all);
  expect(writer.calls).toHaveLength(1);
  const found = await writer.secrets(scope).readKeys("session", ["x", "y", "z"]);
  expect(Object.fromEntries(found)).toEqual({ x: "2", z: "3" });
});

test("a commit whose answer was lost is repeated under its number and applied once", async () => {
  const scope = await newScope("repeated", 3);
  const writer = await openWriter({ loseAnswers: 2 });
  const before = await tenant.call<{ head: number }>("read_events", {
    p_tenant: tenant.tenant,
    p_after: 0,
    p_limit: 1,
  });
  const session = { id: scope.sessionId, name: "repeated", phone: null };
  await writer.commit(scope, {
    events: [
      { type: "session.qr_issued", session, data: { attempt: 1, round: 1, expires_at: new Date().toISOString() } },
    ],
  });
  expect(writer.calls.map(({ commit_no }) => commit_no)).toEqual([1, 1, 1]);
  const after = await tenant.call<{ head: number }>("read_events", { p_tenant: tenant.tenant, p_after: 0, p_limit: 1 });
  expect(after.head).toBe(before.head + 1);
});

test("a claim is refused to the one who made it, also when the first answer was lost", async () => {
  const scope = await newScope("claims", 4);
  const other = await newScope("claims-2", 5);
  for (const one of [scope, other]) await (await openWriter()).commit(one, { session: { status: "connected" } });
  const [sent, canceled] = await tenant.accept("claims", 2, (n) => `55119999000${n}`);
  await tenant.call("cancel_message", { p_tenant: tenant.tenant, p_message: canceled, p_request_id: null });
  for (const loseAnswers of [0, 1]) {
    const writer = await openWriter({ loseAnswers });
    const [good, bad, bystander] = await Promise.allSettled([
      loseAnswers === 0 ? writer.commit(scope, { claims: [{ id: sent!, resend: false }] }) : Promise.resolve(),
      writer.commit(scope, { keys: [key("ratchet")], claims: [{ id: canceled!, resend: false }] }),
      writer.commit(other, { keys: [key("b")] }),
    ]);
    expect(good.status).toBe("fulfilled");
    expect(bystander.status).toBe("fulfilled");
    expect(bad).toMatchObject({ status: "rejected", reason: { reason: "canceled" } });
    expect((bad as PromiseRejectedResult).reason).toBeInstanceOf(ClaimRefused);
    expect((await writer.secrets(scope).readKeys("session", ["ratchet"])).size).toBe(1);
  }
});

test("a fenced shard rejects its callers and is reported, the others are written", async () => {
  const scope = await newScope("owner", 6);
  const writer = await openWriter();
  const stale: SessionScope = { ...(await newScope("stale", 7)), lease: { shard: 7, epoch: epochs.get(7)! - 1 } };
  const [good, bad] = await Promise.allSettled([
    writer.commit(scope, { keys: [key("a")] }),
    writer.commit(stale, { keys: [key("a")] }),
  ]);
  expect(good.status).toBe("fulfilled");
  expect((bad as PromiseRejectedResult).reason).toBeInstanceOf(LeaseLost);
  expect(writer.fenced).toEqual([stale.lease]);
  expect(await writer.secrets(stale).readKeys("session", ["a"])).toEqual(new Map());
});

test("a row the database refuses does not hold the others, of whatever shard, session or caller", async () => {
  const scope = await newScope("good", 8);
  const neighbour = await newScope("neighbour", 8);
  const elsewhere = await newScope("elsewhere", 9);
  const writer = await openWriter();
  const results = await Promise.allSettled([
    writer.commit(scope, { keys: [key("before")] }),
    writer.commit(scope, { session: { status: "connected", pace_tat_ms: 1e18 } }),
    writer.commit(scope, { keys: [key("after")] }),
    writer.commit(neighbour, { keys: [key("n")] }),
    writer.commit(elsewhere, { keys: [key("e")] }),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"]);
  expect((results[1] as PromiseRejectedResult).reason).toBeInstanceOf(WriteRefused);
  expect(writer.refused).toEqual([scope.sessionId]);
  expect([...(await writer.secrets(scope).readKeys("session", ["before", "after"])).keys()]).toHaveLength(2);
});

test("when no answer comes until the lease runs out, callers learn that it is lost", async () => {
  const scope = await newScope("outage", 10);
  const writer = await openWriter({ loseAnswers: Infinity, leaseMs: 300 });
  await expect(writer.commit(scope, { keys: [key("a")] })).rejects.toBeInstanceOf(LeaseLost);
  await expect(writer.commit(scope, { keys: [key("a")] })).rejects.toBeInstanceOf(LeaseLost);
});

test("whoever watches the tenant is told of the newest event", async () => {
  const scope = await newScope("bells", 11);
  const writer = await openWriter();
  await writer.commit(scope, { session: { status: "connected" } });
  const { head } = await tenant.call<{ head: number }>("read_events", {
    p_tenant: tenant.tenant,
    p_after: 0,
    p_limit: 1,
  });
  expect(writer.rings).toEqual([[tenant.tenant, head]]);
  await writer.idle();
});
