import { createLogger } from "@flotilla/shared/runtime/logger";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { expect, test } from "vitest";
import { MemorySecrets } from "../../test/memory-secrets.ts";
import type { CloseCause, LinkObservation, LinkTrouble, WhatsAppLink } from "../ports.ts";
import type { SessionRow, SessionWrites } from "../store-ports.ts";
import { createCarefulMode } from "./careful-mode.ts";
import { createLiveLink, type LinkTimes } from "./live-link.ts";
import { createPairing } from "./pairing.ts";
import { createSlots } from "./slots.ts";
import { createStatusKeeper } from "./status-keeper.ts";

const row = { id: "s", tenant_id: "t", name: "shop", network: "simulated", auth_state: "sealed" } as SessionRow;
const patient: LinkTimes = { loginMs: 60_000, catchUpMs: 60_000, syncMs: 60_000 };

/** A live link whose network is the test's hand; `status` begins where a paired session is dialled. */
function openRig(times: LinkTimes, opener: "opens" | "hangs" = "opens") {
  const logger = createLogger({ service: "test", level: "silent" });
  const scope = { tenantId: "t", sessionId: "s", lease: { shard: 1, epoch: 1 } };
  const told: (string | undefined)[] = [];
  const commit = async (_: unknown, { session }: SessionWrites) => void told.push(session?.status);
  const status = createStatusKeeper("connecting", { commit, scope, name: "shop", logger });
  const rig = {
    told,
    status,
    trouble: null as LinkTrouble | null,
    inflightReads: 0,
    closed: [] as CloseCause[],
    observe: ((): void => {}) as (seen: LinkObservation) => void,
  };
  const whatsapp: WhatsAppLink = {
    send: async () => {},
    forgetDevices: async () => {},
    trouble: () => rig.trouble,
    terminate: () => {},
    end: async () => {},
    logout: async () => {},
  };
  const link = createLiveLink({
    deps: {
      async openLink({ observe }) {
        rig.observe = (seen) => void observe(seen);
        if (opener === "hangs") await new Promise(() => {});
        return whatsapp;
      },
      commit,
      secrets: () => new MemorySecrets(),
      outbox: {
        readLane: async () => ({ rows: [], unreadable: [], lane: null }),
        async readInflight() {
          rig.inflightReads++;
          return [];
        },
        findSent: async () => null,
      },
      encodings: createSlots(1),
      databaseNowMs: () => Date.now(),
      wantSweep: () => {},
      metrics: { sent: () => {}, acked: () => {}, unknown: () => {}, dialled: () => {}, bufferFlushed: () => {} },
      times,
    },
    scope,
    holds: () => true,
    careful: createCarefulMode({ unclean: false, alone: createSlots(1) }),
    unclean: false,
    status,
    pairing: createPairing({ commit, scope, showCode: () => {}, status, logger, row: () => row }),
    logger,
    onClosed: (cause) => void rig.closed.push(cause),
    onPaired: () => {},
    onLoggedIn: () => {},
  });
  link.dial(row, () => {});
  return { rig, link };
}
const login: LinkObservation = { kind: "logged_in", identity: {} };

test("a session is degraded while its link lacks something, with the reason, and connected again when it does not", async () => {
  const { rig, link } = openRig(patient);
  await Promise.resolve();
  rig.observe(login);
  rig.observe({ kind: "caught_up" });
  link.check();
  expect(rig.status.current).toBe("connected");
  rig.trouble = "check_missed";
  link.check();
  link.check();
  expect(rig.status.current).toBe("degraded");
  rig.trouble = null;
  link.check();
  expect(rig.status.current).toBe("connected");
  expect(rig.told).toEqual(["syncing", "connected", "degraded", "connected"]);
});

test("a session whose offline queue never ends is connected after its time, and not before", async () => {
  const { rig, link } = openRig({ ...patient, syncMs: 150 });
  await Promise.resolve();
  rig.observe(login);
  link.check();
  expect(rig.status.current).toBe("syncing");
  await waitFor(
    () => {
      link.check();
      return rig.status.current === "connected";
    },
    { describe: "connected" },
  );
});

test("what is on the wire is taken up a while after the login although the offline queue has not ended", async () => {
  const { rig } = openRig({ ...patient, catchUpMs: 30 });
  await Promise.resolve();
  rig.observe(login);
  await waitFor(() => rig.inflightReads === 1, { describe: "the pump" });
  expect(rig.status.current).toBe("syncing");
});

test("an opener that hangs is given up, and what it says later means nothing", async () => {
  const { rig, link } = openRig({ ...patient, loginMs: 30 }, "hangs");
  await waitFor(
    () => {
      link.check();
      return rig.closed.length > 0;
    },
    { describe: "the close" },
  );
  expect(rig.closed).toEqual([{ kind: "terminated_by_us", reason: "no_login" }]);
  rig.observe(login);
  expect(link.phase()).toBe("idle");
});
