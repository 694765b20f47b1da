import { existsSync } from "node:fs";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { createProxyServer } from "http-proxy-3";
import sirv from "sirv";
import type { ServerConfig } from "./config.ts";
import { answerProblem } from "./answer-problem.ts";
import { routeRequest } from "./route.ts";
import { securityHeaders } from "./security-headers.ts";

export interface DashboardServer {
  port: number;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Serves the built page and puts every service the browser needs behind its one origin. Long polls and WebSockets pass
 * through; closing ends them at once, because the browser's live client reconnects by itself.
 */
export async function openDashboardServer(
  config: ServerConfig,
  deps: { logger: Logger; distFolder: string },
): Promise<DashboardServer> {
  const { logger, distFolder } = deps;
  if (!existsSync(`${distFolder}/index.html`)) {
    throw new Error("The dashboard is not built yet: run `npm run build` first");
  }
  const serveFile = sirv(distFolder, {
    single: true,
    gzip: true,
    brotli: true,
    etag: true,
    setHeaders: setFileHeaders,
  });
  const pageConfig = JSON.stringify({
    supabaseUrl: "/supabase",
    supabasePublishableKey: config.publishableKey,
    apiUrl: "",
    realtimeUrl: "",
    simulator: config.upstreams.simulator !== undefined,
  });
  const proxy = createProxyServer({ xfwd: true, proxyTimeout: 60_000 });
  proxy.on("error", (error, request, answer) => {
    const about = { path: request?.url?.split("?")[0], reason: error.message };
    if (answer && "writeHead" in answer) {
      logger.warn(about, "a service behind the page did not answer");
      answerProblem(answer, 503, "unavailable", "A service behind the page is away");
      return;
    }
    logger.debug(about, "a live connection broke"); // closed tabs end like this too; the browser connects again
    answer?.destroy();
  });

  let turn = 0;
  const upgraded = new Set<Duplex>();
  const server = createServer((request, response) => handle(request, response));
  server.on("upgrade", (request, socket, head) => {
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
    socket.on("error", () => socket.destroy());
    const route = tryRoute(request);
    if (route?.to === "proxy" && isSameOrigin(request)) {
      // The page is the only caller and was checked here, so the replicas need not know under which name it is open.
      delete request.headers.origin;
      request.url = route.path;
      proxy.ws(request, socket, head, { target: route.target });
    } else socket.destroy();
  });

  function tryRoute(request: IncomingMessage) {
    try {
      return routeRequest(request.url ?? "/", config.upstreams, turn++);
    } catch {
      return undefined; // not a URL at all
    }
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const route = tryRoute(request);
    if (route?.to === "proxy") {
      request.url = route.path;
      proxy.web(request, response, { target: route.target });
      return;
    }
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    if (route === undefined) return answerProblem(response, 400, "malformed_path", "The path cannot be read");
    if (route.to === "nothing") return answerProblem(response, 404, "not_found", route.detail);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return answerProblem(response, 405, "method_not_allowed", "Pages are only read");
    }
    if (route.to === "config") {
      response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" }).end(pageConfig);
      return;
    }
    serveFile(request, response, () => answerProblem(response, 404, "not_found", "There is no such file"));
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.port, config.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of upgraded) socket.destroy();
      server.closeAllConnections();
      proxy.close();
      await closed;
    },
  };
}

/** Whether a browser opened the connection from our own page; other programs name no origin. */
function isSameOrigin({ headers: { origin, host } }: IncomingMessage): boolean {
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}

/** Files with a hash in their name never change; the page itself is asked for every time. */
function setFileHeaders(response: ServerResponse, pathname: string): void {
  const hashed = pathname.startsWith("/assets/");
  response.setHeader("cache-control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
}
