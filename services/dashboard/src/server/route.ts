import type { ServerConfig } from "./config.ts";

export type Route =
  | { to: "proxy"; target: string; path: string }
  | { to: "config" }
  | { to: "page" }
  | { to: "nothing"; detail: string };

const apiPaths = ["/v1", "/health", "/healthz", "/openapi.json", "/docs"];

/**
 * Where a request goes, judged on the parsed path so that `..` in any spelling cannot reach past a prefix. Of Supabase
 * only the auth routes are passed on: the browser needs no other, and data goes through the API.
 */
export function routeRequest(url: string, upstreams: ServerConfig["upstreams"], turn: number): Route {
  const { pathname, search } = new URL(url, "http://dashboard.invalid");
  const under = (prefix: string): boolean => pathname === prefix || pathname.startsWith(`${prefix}/`);
  const path = pathname + search;
  if (pathname === "/config.json") return { to: "config" };
  if (apiPaths.some(under)) return { to: "proxy", target: upstreams.api, path };
  if (under("/socket.io")) {
    const replica = upstreams.realtime[turn % upstreams.realtime.length];
    return replica ? { to: "proxy", target: replica, path } : { to: "nothing", detail: "No realtime replica is set" };
  }
  if (under("/sim")) {
    return upstreams.simulator === undefined
      ? { to: "nothing", detail: "This installation has no simulated network" }
      : { to: "proxy", target: upstreams.simulator, path };
  }
  if (under("/supabase/auth/v1")) {
    return { to: "proxy", target: upstreams.supabase, path: path.slice("/supabase".length) };
  }
  if (under("/supabase")) return { to: "nothing", detail: "Only the sign-in routes are offered here" };
  return { to: "page" };
}
