import { mintUuid } from "@flotilla/shared/contract/ids";
import { createLogger } from "@flotilla/shared/runtime/logger";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { afterEach, describe, expect, test } from "vitest";
import { MemoryJournal } from "../../test/memory-journal.ts";
import { createFakeNetwork } from "../../test/fake-link.ts";
import { CredentialsUnreadable, type SecretStore } from "../ports.ts";
import type { Commit, SessionRow, SessionWrites } from "../store-ports.ts";
import type { ClientBreaker } from "./fleet-hold.ts";
import { type SessionRunner, startSessionRunner } from "./session-runner.ts";
import { createSlots } from "./slots.ts";

const runners: SessionRunner[] = [];
const openBreaker: ClientBreaker = {
  reason: () => null,
  isProbeDue: () => false,
  mayDial: async () => true,
  refused: async () => {},
  accepted: () => {},
};
afterEach(() => {
  for (const runner of runners.splice(0)) runner.fence();
});

/** A session row that the runner's own writes change, as the database would. */
function openRig(change: Partial<SessionRow> = {}, network = createFakeNetwork({ loginMs: 1, ackMs: 1 })) {
  let row: SessionRow = {
    id: mintUuid(),
    tenant_id: mintUuid(),
    name: "shop",
    shard: 1,
    network: "simulated",
    desired: "running",
    generation: 1,
    unlink: false,
    status: "starting",
    status_reason: null,
    deadline_in_ms: null,
    paired: false,
    pairing_attempt: 1,
    auth_state: null,
    pace_tat_ms: null,
    ...change,
  };
  const statuses: string[] = [];
  const writes: SessionWrites[] = [];
  const codes: (string | null)[] = [];
  let leased = true;
  const commit: Commit = async (_, write) => {
    await new Promise((resolve) => setImmediate(resolve));
    writes.push(write);
    const { session } = write;
    if (session?.forget) row = { ...row, auth_state: null, paired: false, unlink: false };
    if (session?.auth_state)
      row = { ...row, auth_state: session.auth_state, paired: row.paired || session.paired === true };
    if (session?.status) {
      row = { ...row, status: session.status };
      statuses.push(session.reason ? `${session.status}:${session.reason}` : session.status);
    }
  };
  const secrets = (scope: Parameters<Commit>[0]): SecretStore => ({
    readKeys: async () => new Map(),
    journal: new MemoryJournal(),
    writeKeys: (keys, claim) => commit(scope, { keys, claims: claim ? [claim] : [] }),
    writeCredentials: (sealed, identity) => commit(scope, { session: { ...identity, auth_state: sealed } }),
  });
  const runner = startSessionRunner(
    {
      openLink: network.openLink,
      network: "simulated",
      commit,
      secrets,
      sessions: { load: async () => row },
      outbox: {
        readLane: async () => ({ rows: [], unreadable: [], lane: null }),
        readInflight: async () => [],
        findSent: async () => null,
      },
      showCode: ({ value }) => codes.push(value),
      dials: createSlots(10),
      suspects: createSlots(1),
      encodings: createSlots(32),
      holds: () => leased,
      databaseNowMs: () => Date.now(),
      wantSweep: () => {},
      metrics: {
        sent: () => {},
        acked: () => {},
        unknown: () => {},
        closed: () => {},
        dialled: () => {},
        bufferFlushed: () => {},
      },
      breaker: openBreaker,
      logger: createLogger({ service: "test", level: "silent" }),
      random: () => 0,
    },
    row,
    { shard: 1, epoch: 1 },
  );
  runners.push(runner);
  return {
    runner,
    network,
    statuses,
    writes,
    codes,
    row: () => row,
    /** What a person asks for, as the API writes it. */
    ask(wish: Partial<SessionRow>) {
      row = { ...row, ...wish, generation: row.generation + 1 };
      runner.reload();
    },
    loseLease: () => (leased = false),
    code: () => waitFor(() => network.codes.get(row.id), { describe: "a code" }),
    is: (status: string) => waitFor(() => row.status === status, { describe: `status ${status}` }),
    links: () => network.open.get(row.id) ?? 0,
  };
}

const paired = { paired: true, auth_state: "sealed" };

describe("pairing", () => {
  test("a code is shown, scanned, and the planned restart leads straight to connected", async () => {
    const rig = openRig();
    await rig.code();
    await rig.is("awaiting_scan");
    rig.network.scan(rig.row().id);
    await rig.is("connected");
    expect(rig.statuses).toEqual(["awaiting_scan", "connecting", "syncing", "connected"]);
    expect(rig.codes.at(-1)).toBeNull();
    const issued = rig.writes.flatMap(({ events = [] }) => events);
    expect(issued).toHaveLength(1);
    expect(JSON.stringify(rig.writes)).not.toContain(rig.codes[0]);
    expect(rig.links()).toBe(1);
  });

  test("three rounds that nobody scans end in failed, and a person's restart begins anew", async () => {
    const rig = openRig();
    for (let round = 1; round <= 3; round++) {
      const code = await rig.code();
      rig.network.codes.delete(rig.row().id);
      expect(code).toBeTruthy();
      await rig.is("awaiting_scan");
      rig.network.close(rig.row().id, { kind: "qr_expired" });
    }
    await rig.is("failed");
    expect(rig.statuses.at(-1)).toBe("failed:qr_expired");
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(rig.network.codes.size).toBe(0);
    rig.ask({ status: "starting" });
    await rig.code();
    await rig.is("awaiting_scan");
  });
});

describe("a lost link", () => {
  test("is dialled again by the same credentials", async () => {
    const rig = openRig(paired);
    await rig.is("connected");
    rig.network.close(rig.row().id, { kind: "link_lost", code: 428, detail: "" });
    await waitFor(() => rig.statuses.filter((status) => status === "connected").length === 2, {
      describe: "connected again",
    });
    expect(rig.statuses).toContain("reconnecting:code_428");
    expect(rig.row().auth_state).toBe("sealed");
    expect(rig.links()).toBe(1);
  });

  test("after a proven removal the credentials are wiped and nothing is dialled until a person asks", async () => {
    const rig = openRig(paired);
    await rig.is("connected");
    rig.network.close(rig.row().id, { kind: "unlinked", detail: "device_removed" });
    await rig.is("logged_out");
    expect(rig.row()).toMatchObject({ auth_state: null, paired: false });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(rig.links()).toBe(0);
  });

  test("credentials that cannot be read fail the session and stay as they are", async () => {
    const network = createFakeNetwork();
    const rig = openRig(paired, { ...network, openLink: () => Promise.reject(new CredentialsUnreadable("damaged")) });
    await rig.is("failed");
    expect(rig.statuses.at(-1)).toBe("failed:credentials_unreadable");
    expect(rig.row().auth_state).toBe("sealed");
    expect(rig.writes.some(({ session }) => session?.forget)).toBe(false);
  });
});

describe("keys that cannot be read", () => {
  test("fail the session when they are found on an open link, and stay as they are", async () => {
    const rig = openRig(paired);
    await rig.is("connected");
    rig.network.close(rig.row().id, { kind: "terminated_by_us", reason: "credentials_unreadable" });
    await rig.is("failed");
    expect(rig.statuses.at(-1)).toBe("failed:credentials_unreadable");
    expect(rig.writes.some(({ session }) => session?.forget)).toBe(false);
  });
});

describe("what people ask for", () => {
  test("a stop ends the link, keeps the credentials and ends the runner", async () => {
    const rig = openRig(paired);
    await rig.is("connected");
    rig.ask({ desired: "stopped" });
    await rig.runner.done;
    expect(rig.row()).toMatchObject({ status: "stopped", auth_state: "sealed" });
    expect(rig.links()).toBe(0);
    expect(rig.network.logouts).toEqual([]);
  });

  test("a restart ends the link and dials again", async () => {
    const rig = openRig(paired);
    await rig.is("connected");
    rig.ask({ status: "starting" });
    await waitFor(() => rig.statuses.filter((status) => status === "connected").length === 2, {
      describe: "connected again",
    });
    expect(rig.links()).toBe(1);
  });

  test("a log-out tells WhatsApp first and then forgets", async () => {
    const rig = openRig(paired);
    await rig.is("connected");
    rig.ask({ desired: "stopped", unlink: true });
    await rig.runner.done;
    expect(rig.network.logouts).toEqual([rig.row().id]);
    expect(rig.row()).toMatchObject({ status: "logged_out", auth_state: null, unlink: false });
  });

  test("a log-out of a session without a link opens one to say so", async () => {
    const rig = openRig({ ...paired, status: "stopped", desired: "stopped", unlink: true });
    await rig.runner.done;
    expect(rig.network.logouts).toHaveLength(1);
    expect(rig.row().auth_state).toBeNull();
  });
});

test("a fence drops the link at once and nothing is written afterwards", async () => {
  const rig = openRig(paired);
  await rig.is("connected");
  rig.loseLease();
  rig.runner.fence();
  const before = rig.writes.length;
  await rig.runner.done;
  await waitFor(() => rig.links() === 0, { describe: "the link to be gone" });
  expect(rig.writes).toHaveLength(before);
});

test("handing over ends the link and writes no status: the next owner does", async () => {
  const rig = openRig(paired);
  await rig.is("connected");
  const before = rig.statuses.length;
  await rig.runner.handOver();
  expect(rig.links()).toBe(0);
  expect(rig.statuses).toHaveLength(before);
});

test("a session of another network is never dialled", async () => {
  const rig = openRig({ ...paired, network: "whatsapp" });
  await rig.is("failed");
  expect(rig.statuses).toEqual(["failed:configuration"]);
  expect(rig.network.open.size).toBe(0);
});
