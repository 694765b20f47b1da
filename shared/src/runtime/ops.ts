import { collectDefaultMetrics, Registry } from "prom-client";
import { monotonicMs } from "./clock.ts";

/** Resolves when the component can be used; rejects with the reason when not. Given 2 seconds. */
export type ComponentCheck = (signal: AbortSignal) => Promise<void>;

export interface OpsOptions {
  service: string;
  version: string;
  /** What the service depends on, by name. `required` ones decide readiness; the others only show in the summary. */
  checks: Record<string, { required: boolean; check: ComponentCheck }>;
  /** Whether work is no longer taken, before shutdown; readiness then says no. */
  isDraining: () => boolean;
  registry?: Registry;
}

export interface OpsAnswer {
  status: 200 | 503;
  contentType: string;
  body: string;
}

export interface Ops {
  readonly registry: Registry;
  /** The answer for a path of ours (`/livez`, `/readyz`, `/healthz`, `/health`, `/metrics`), or null for any other. */
  answer: (path: string) => Promise<OpsAnswer | null>;
}

interface ComponentState {
  status: "up" | "down";
  required: boolean;
  latency_ms: number;
  error?: string;
}

const cacheMs = 1_000;
const checkTimeoutMs = 2_000;

/**
 * Health and metrics of a service, free of any HTTP library. `/livez` asks nobody, so that an outage of the database
 * does not restart the fleet; the others share one look at the components each second, however often they are asked.
 */
export function createOps(options: OpsOptions): Ops {
  const registry = options.registry ?? new Registry();
  registry.setDefaultLabels({ service: options.service });
  collectDefaultMetrics({ register: registry });
  let look: { at: number; states: Promise<Record<string, ComponentState>> } | null = null;

  async function lookAt(check: ComponentCheck, required: boolean): Promise<ComponentState> {
    const begun = monotonicMs();
    const error = await within(checkTimeoutMs, check);
    const latency_ms = Math.round(monotonicMs() - begun);
    return error === null ? { status: "up", required, latency_ms } : { status: "down", required, latency_ms, error };
  }

  function components(): Promise<Record<string, ComponentState>> {
    if (look === null || monotonicMs() - look.at > cacheMs) {
      const names = Object.entries(options.checks);
      const states = Promise.all(
        names.map(async ([name, { check, required }]) => [name, await lookAt(check, required)] as const),
      );
      look = { at: monotonicMs(), states: states.then((entries) => Object.fromEntries(entries)) };
    }
    return look.states;
  }

  async function summary(): Promise<OpsAnswer> {
    const states = await components();
    const down = Object.values(states).filter((state) => state.status === "down");
    const status = options.isDraining()
      ? "draining"
      : down.some((state) => state.required)
        ? "down"
        : down.length > 0
          ? "degraded"
          : "ok";
    const { service, version } = options;
    return json(status === "down" || status === "draining" ? 503 : 200, {
      status,
      service,
      version,
      components: states,
    });
  }

  return {
    registry,
    async answer(path) {
      switch (path) {
        case "/livez":
          return json(200, { status: "ok" });
        case "/readyz":
        case "/healthz":
        case "/health":
          return summary();
        case "/metrics":
          return { status: 200, contentType: registry.contentType, body: await registry.metrics() };
        default:
          return null;
      }
    },
  };
}

/** Null when it resolved in time, else the reason as one line without addresses or secrets beyond what the check says. */
async function within(ms: number, check: ComponentCheck): Promise<string | null> {
  const signal = AbortSignal.timeout(ms);
  const late = new Promise<string>((resolve) => {
    signal.addEventListener("abort", () => resolve(`no answer within ${ms} ms`), { once: true });
  });
  const done = check(signal).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "failed",
  );
  return Promise.race([done, late]);
}

const json = (status: 200 | 503, body: unknown): OpsAnswer => ({
  status,
  contentType: "application/json; charset=utf-8",
  body: JSON.stringify(body),
});
