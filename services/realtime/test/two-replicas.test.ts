import { mintUuid } from "@flotilla/shared/contract/ids";
import { openTestStack, type TestStack } from "@flotilla/shared/testing/fixtures";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { follow, openClient } from "./client.ts";
import { openBackOffice, type Replica, startReplica } from "./replica.ts";

let stack: TestStack;
let office: ReturnType<typeof openBackOffice>;
let first: Replica;
let second: Replica;
const opened = new AsyncDisposableStack();
beforeAll(async () => {
  stack = opened.use(await openTestStack());
  office = opened.use(openBackOffice(stack));
  first = opened.use(await startReplica(stack));
  second = opened.use(await startReplica(stack));
});
afterAll(() => opened.disposeAsync());

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + 1 + index);

async function signUp() {
  const member = await stack.signUp();
  return { ...member, auth: { token: member.accessToken }, tenant: await office.tenantOf(member.userId) };
}

describe("clients of either replica", () => {
  it("see every event once, in order, through a replica killed and a Redis flushed", async () => {
    const { auth, tenant } = await signUp();
    const { head: start } = await office.headOf(tenant);
    const third = await startReplica(stack);
    await using clients = new AsyncDisposableStack();
    const followers = [
      follow([first.url, second.url], auth, "tenant"),
      follow([second.url, first.url], auth, "tenant"),
      follow([third.url, first.url, second.url], auth, "tenant"),
      follow([third.url, second.url, first.url], auth, "tenant"),
    ].map((follower) => clients.use(follower));
    await Promise.all(followers.map((follower) => follower.started()));

    const bursts = 30;
    for (let burst = 0; burst < bursts; burst++) {
      await office.append(
        tenant,
        Array.from({ length: 40 }, () => ({})),
      );
      if (burst === 10) await third.kill();
      if (burst === 20) await office.redis.flushall();
    }
    const end = start + bursts * 40;
    expect((await office.headOf(tenant)).head).toBe(end);
    await Promise.all(followers.map((follower) => follower.reached(end)));
    for (const follower of followers) expect(follower.applied).toEqual(numbers(start, end));
  });

  it("see events whose bell was lost", async () => {
    const { auth, tenant } = await signUp();
    await using follower = follow([first.url], auth, "tenant");
    await follower.started();
    const end = await office.append(tenant, [{}, {}], { bell: false });
    await follower.reached(end);
    expect(follower.applied).toEqual([end - 1, end]);
  });

  it("go on from a cursor far behind, in acknowledged batches", async () => {
    const { auth, tenant } = await signUp();
    const { log_id } = await office.headOf(tenant);
    for (let index = 0; index < 3; index++)
      await office.append(
        tenant,
        Array.from({ length: 500 }, () => ({})),
      );
    await using client = await openClient(second.url, auth);
    const [result] = await client.subscribe([{ topic: "tenant", after: 0, log_id }]);
    expect(result).toEqual({ topic: "tenant", ok: true, head: 1_500, log_id, replay: true });
    await waitFor(() => client.batches.at(-1)?.to === 1_500, { describe: "the replay to end" });
    expect(client.batches.flatMap(({ events }) => events.map(({ sequence }) => sequence))).toEqual(numbers(0, 1_500));
    expect(Math.max(...client.batches.map(({ events }) => events.length))).toBeLessThanOrEqual(200);
  });

  it("get ranges without a gap in a topic that shows few of the events", async () => {
    const { auth, tenant } = await signUp();
    const session = await office.createSession(tenant, "quiet");
    const { head, log_id } = await office.headOf(tenant);
    await using client = await openClient(first.url, auth);
    await client.subscribe([{ topic: `session:${session}`, after: head, log_id }]);
    await office.append(tenant, [{}, {}, {}]);
    const entry = {
      type: "session.deleted",
      session: { id: session, name: "quiet", phone: null },
      subject: session,
      data: {},
    };
    await office.append(tenant, [entry, {}]);
    await waitFor(() => client.batches.length > 0, { describe: "the batch with the session's event" });
    const [batch] = client.batches;
    expect(batch).toMatchObject({ topic: `session:${session}`, log_id, from: head });
    expect(batch!.events.map(({ sequence }) => sequence)).toEqual([head + 4]);
    expect(batch!.to).toBeGreaterThanOrEqual(head + 4);
  });

  it("are told to load a snapshot when their cursor belongs to another log or is ahead of it", async () => {
    const { auth, tenant } = await signUp();
    const { head, log_id } = await office.headOf(tenant);
    await using client = await openClient(first.url, auth);
    const results = await client.subscribe([
      { topic: "tenant", after: head, log_id: mintUuid() },
      { topic: "inbox", after: head + 5, log_id },
    ]);
    expect(results).toMatchObject([
      { resync_required: true, log_id },
      { resync_required: true, log_id },
    ]);
  });
});

describe("a client that does not read", () => {
  it("leaves the room and gets everything in order when it reads again", async () => {
    const { auth, tenant } = await signUp();
    await using slow = await openClient(first.url, auth);
    await using fast = await openClient(first.url, auth);
    await Promise.all([slow, fast].map((client) => client.subscribe([{ topic: "tenant" }])));
    const { head } = await office.headOf(tenant);
    const wire = (slow.socket.io.engine as unknown as { transport: { ws: { pause(): void; resume(): void } } })
      .transport.ws;
    wire.pause();
    const data = { campaign_id: mintUuid(), name: "x".repeat(4_000) };
    const bursts = 20;
    for (let burst = 0; burst < bursts; burst++)
      await office.append(
        tenant,
        Array.from({ length: 100 }, () => ({ data })),
      );
    const end = head + bursts * 100;
    const sequencesOf = (client: typeof slow) =>
      client.batches.flatMap(({ events }) => events.map(({ sequence }) => sequence));
    await waitFor(() => fast.batches.at(-1)?.to === end, {
      describe: "the fast client to have all",
      timeoutMs: 30_000,
    });
    const metrics = await (await fetch(`${first.url}/metrics`)).text();
    expect(Number(/flotilla_gateway_demotions_total\{[^}]*\} (\d+)/.exec(metrics)?.[1])).toBeGreaterThan(0);
    expect(sequencesOf(slow).length).toBeLessThan(bursts * 100);
    wire.resume();
    await waitFor(() => slow.batches.at(-1)?.to === end, {
      describe: "the slow client to have all",
      timeoutMs: 30_000,
    });
    expect(sequencesOf(slow)).toEqual(numbers(head, end));
    expect(sequencesOf(fast)).toEqual(numbers(head, end));
  });
});

describe("an orderly end", () => {
  it("refuses new dashboards, sends the present ones away and says so", async () => {
    const { auth } = await signUp();
    const replica = await startReplica(stack);
    const client = await openClient(replica.url, auth);
    const notice = new Promise((resolve) => client.socket.once("draining", resolve));
    const left = new Promise((resolve) => client.socket.once("disconnect", resolve));
    const exitCode = replica.terminate();
    expect(await notice).toMatchObject({ reconnect_in_ms: expect.any(Number) as number });
    expect(await left).toBe("transport close");
    expect(await exitCode).toBe(0);
    expect(replica.messages()).toContain("1 dashboard connection cleaned up for shutdown");
    expect(replica.messages().at(-1)).toBe("realtime has stopped");
    expect(replica.records().filter(({ level }) => level !== "info")).toEqual([]);
  });
});
