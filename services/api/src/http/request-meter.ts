import { Histogram, type Registry } from "prom-client";

export interface RequestMeter {
  observe: (seen: { method: string; template: string; status: number; ms: number }) => void;
}

/** Counts requests by path template, so that ids in paths make no series of their own. */
export function createRequestMeter(registry: Registry): RequestMeter {
  const histogram = new Histogram({
    name: "flotilla_http_request_duration_seconds",
    help: "Time from the request's first byte to the end of its answer",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30],
    registers: [registry],
  });
  return {
    observe: ({ method, template, status, ms }) =>
      histogram.observe({ method, route: template, status: String(status) }, ms / 1_000),
  };
}
