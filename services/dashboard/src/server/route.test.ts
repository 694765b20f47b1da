import { expect, test } from "vitest";
import { routeRequest } from "./route.ts";

const upstreams = {
  api: "http://api",
  realtime: ["http://one", "http://two"],
  simulator: "http://sim",
  supabase: "http://supabase",
};
const route = (url: string, turn = 0) => routeRequest(url, upstreams, turn);

test.each([
  ["/v1/sessions?limit=2", "http://api", "/v1/sessions?limit=2"],
  ["/health", "http://api", "/health"],
  ["/openapi.json", "http://api", "/openapi.json"],
  ["/sim/v1/phones", "http://sim", "/sim/v1/phones"],
  ["/sim/face/?phone=1", "http://sim", "/sim/face/?phone=1"],
  ["/supabase/auth/v1/token?grant_type=password", "http://supabase", "/auth/v1/token?grant_type=password"],
])("%s goes to %s", (url, target, path) => {
  expect(route(url)).toEqual({ to: "proxy", target, path });
});

test.each(["/", "/sessions/1", "/v1x", "/assets/index.js", "/healthy"])("%s is a page or a file", (url) => {
  expect(route(url)).toEqual({ to: "page" });
});

test.each([
  "/supabase/rest/v1/messages",
  "/supabase/auth/v1/../../rest/v1/messages",
  "/supabase/auth/v1/%2e%2e/%2e%2e/rest/v1/messages",
  "/supabase/_system/info",
])("%s reaches nothing of Supabase", (url) => {
  expect(route(url)).not.toMatchObject({ target: "http://supabase" });
});

test("live connections take the replicas in turn", () => {
  const targets = [0, 1, 2].map((turn) => route("/socket.io/?EIO=4", turn));
  expect(targets).toMatchObject([{ target: "http://one" }, { target: "http://two" }, { target: "http://one" }]);
});

test("without a simulator its paths lead nowhere", () => {
  expect(routeRequest("/sim/v1/phones", { ...upstreams, simulator: undefined }, 0)).toMatchObject({ to: "nothing" });
});
