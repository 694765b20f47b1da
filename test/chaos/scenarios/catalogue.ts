import { killsUnderLoad } from "./g1-kills.ts";
import { rollingRestart } from "./g3-rolling.ts";
import { inboundThroughKills } from "./g4-inbound.ts";
import { redisLost } from "./g5-redis.ts";
import { postgresAway } from "./g6-postgres.ts";
import { partitions } from "./g7-partitions.ts";
import { frozenOwner } from "./g8-freeze.ts";
import { randomCloses } from "./g14-closes.ts";
import { clockSteps } from "./g16-clocks.ts";
import type { Scenario } from "./scene.ts";

/** Scenarios in the order in which they are played. */
export const scenarios: readonly Scenario[] = [
  killsUnderLoad,
  rollingRestart,
  inboundThroughKills,
  redisLost,
  postgresAway,
  partitions,
  frozenOwner,
  randomCloses,
  clockSteps,
];

/** Goals that another scenario's run measures. */
export const measuredBy: Readonly<Record<string, string>> = { G2: "G1" };

/** Goals without a scenario, and where the property is tested instead. */
export const notBuilt: Readonly<Record<string, { title: string; why: string }>> = {
  G9: {
    title: "200 dashboards",
    why: "services/realtime/test covers gaps, cuts, resume and slow clients with fewer of them",
  },
  G10: {
    title: "a dashboard that was away",
    why: "services/realtime/test covers resume from a cursor over a long range",
  },
  G11: { title: "webhooks", why: "there are no webhooks yet" },
  G12: {
    title: "poison",
    why: "services/worker/test/set-aside.test.ts plays outbound poison with real processes, journal.test.ts inbound poison",
  },
  G13: {
    title: "fuzz",
    why: "services/simulator/test/mutations.test.ts mutates stanzas; HTTP bodies are refused in services/api/test",
  },
  G15: { title: "soak", why: "a run of hours; bench/ reports memory for each session" },
  G17: {
    title: "a full or read-only volume",
    why: "no test fills a disk; refused writes are in services/worker/test/group-commit.test.ts",
  },
  G18: {
    title: "deterministic core",
    why: "the pure rules have table tests beside them (services/worker/src/domain, sessions/pump.test.ts), on no common virtual clock",
  },
};
