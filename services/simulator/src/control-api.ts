import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { mediaServer } from "./media/media-server.ts";
import type { Network } from "./network.ts";
import { chatRoutes } from "./control/chats.ts";
import { groupRoutes } from "./control/groups.ts";
import { linkingRoutes, scanForPushName } from "./control/linking.ts";
import { observingRoutes } from "./control/observing.ts";
import { openApiDocument } from "./control/openapi.ts";
import { personRoutes } from "./control/people.ts";
import { phoneRoutes } from "./control/phones.ts";
import { Problem, renderProblem } from "./control/problem.ts";
import { register } from "./control/route.ts";

const LOCAL_ORIGIN = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * The HTTP side of the network: acts for the people in it and reports what really happened.
 * `caPem`: the certificate that clients have to trust, when the network is served over TLS.
 */
export function createControlApi(network: Network, caPem?: string): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(allowLocalOrigins);
  app.get(["/healthz", "/livez", "/readyz"], (_request, response) => void response.json({ status: "ok" }));
  app.post("/admin/mock-phone/scan-qr", express.text({ type: () => true }), async (request: Request, response) => {
    if (typeof request.body !== "string") throw new Problem(422, "invalid_request", "The body must be the QR text.");
    await scanForPushName(network, request.body);
    response.status(204).end();
  });
  app.get("/sim/v1/ca.pem", (_request, response) => {
    if (caPem === undefined) throw new Problem(404, "not_found", "This network is not served over TLS.");
    response.type("application/x-pem-file").send(caPem);
  });
  app.use(mediaServer(network));
  app.use(express.json({ limit: "1mb" }));
  const routes = [
    ...phoneRoutes(network),
    ...chatRoutes(network),
    ...personRoutes(network),
    ...groupRoutes(network),
    ...linkingRoutes(network),
    ...observingRoutes(network),
  ];
  const document = openApiDocument(routes);
  app.get(["/openapi.json", "/sim/v1/openapi.json"], (_request, response) => void response.json(document));
  register(app, routes);
  app.use((request: Request) => {
    throw new Problem(404, "not_found", `There is no ${request.method} ${request.path} here.`);
  });
  app.use(renderProblem(network.logger));
  return app;
}

/** Pages served from this machine may call; others are left to the browser's default, which is no. */
function allowLocalOrigins(request: Request, response: Response, next: NextFunction): void {
  const { origin } = request.headers;
  if (origin !== undefined && LOCAL_ORIGIN.test(origin)) {
    response.set({
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "GET,POST,PATCH,DELETE",
      "access-control-allow-headers": "content-type",
      vary: "origin",
    });
  }
  if (request.method === "OPTIONS") response.status(204).end();
  else next();
}
