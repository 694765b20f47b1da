import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createApp, routesOf, type AppOptions } from "../src/app.ts";
import { aMessage, openRunningApi } from "./running-api.ts";

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
}

test("every mounted route is documented, and health, metrics and the pages answer without a token", async () => {
  await using api = await openRunningApi();
  const open = (path: string) => api.call("GET", path, { token: null });
  const document = (await open("/openapi.json")).body;
  expect(document.openapi).toMatch(/^3\.1/);

  const options = { logger: {}, ops: { registry: undefined }, origins: [], version: "0", simulatorUrl: null };
  const app = createApp({
    ...options,
    ops: { registry: (await import("prom-client")).register },
  } as unknown as AppOptions);
  const layers = (app as unknown as { router: { stack: Layer[] } }).router.stack;
  const mounted = layers.flatMap(({ route }) => {
    const methods = Object.keys(route?.methods ?? {});
    // The handler of all methods is the one that answers 405.
    return route?.path.startsWith("/v1/") && methods.length === 1 ? [`${methods[0]} ${route.path}`] : [];
  });
  expect(mounted.length).toBe(routesOf({} as AppOptions).length);
  for (const route of mounted) {
    const [method = "", path = ""] = route.split(" ");
    const operation = document.paths[path.replaceAll(/:(\w+)/g, "{$1}")]?.[method];
    expect(operation?.summary, route).toBeTruthy();
    expect(operation.responses["422"].content["application/problem+json"], route).toBeTruthy();
  }
  expect(document.paths["/v1/messages"].post.requestBody.content["application/json"].schema.$ref).toContain(
    "MessageCreate",
  );

  const docs = await open("/docs");
  expect(docs.text).toContain("/v1/campaigns/{campaign}/recipients");
  expect(docs.text).not.toMatch(/<script|https?:\/\//);
  for (const path of ["/health", "/healthz", "/livez", "/readyz"]) expect((await open(path)).status, path).toBe(200);
  expect((await open("/health")).body).toMatchObject({ status: "ok", service: "api" });
  await api.call("GET", "/v1/me");
  expect((await open("/metrics")).text).toMatch(/flotilla_http_request_duration_seconds_count\{.*route="\/v1\/me"/);
});

test("the simulator is reached by members only, without their token, as a stream both ways", async () => {
  const seen: { url: string; authorization: string | undefined; body: string }[] = [];
  const simulator = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () => {
      seen.push({ url: request.url!, authorization: request.headers.authorization, body });
      response.writeHead(201, { "content-type": "application/json", "x-secret": "no" });
      response.end('{"phone":"1"}');
    });
  });
  await new Promise<void>((resolve) => simulator.listen(0, "127.0.0.1", resolve));
  const { port } = simulator.address() as AddressInfo;
  {
    await using api = await openRunningApi(() => ({ SIMULATOR_URL: `http://127.0.0.1:${port}` }));
    expect((await api.call("POST", "/sim/v1/phones", { token: null })).status).toBe(401);
    const made = await api.call("POST", "/sim/v1/phones?x=1", { body: { count: 2 } });
    expect(made).toMatchObject({ status: 201, body: { phone: "1" } });
    expect(made.headers.get("x-secret")).toBeNull();
    expect(seen).toEqual([{ url: "/sim/v1/phones?x=1", authorization: undefined, body: '{"count":2}' }]);
    expect((await api.call("GET", "/sim/..%2f..%2fadmin")).status).toBeLessThan(500);
    expect((await api.call("GET", "/v1/me")).body).toMatchObject({ simulator: true });
    expect((await api.call("POST", "/v1/sessions", { body: { name: "s" } })).body).toMatchObject({
      network: "simulated",
    });
    expect((await api.call("POST", "/v1/messages", { body: aMessage("s") })).status).toBe(202);

    await new Promise<void>((resolve) => {
      simulator.close(() => resolve());
      simulator.closeAllConnections();
    });
    expect((await api.call("GET", "/sim/v1/phones")).body).toMatchObject({ status: 503, code: "unavailable" });
  }
});
