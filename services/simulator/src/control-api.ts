import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { z } from "zod";
import { mediaServer } from "./media/media-server.ts";
import type { Network } from "./network.ts";
import { breakingRoutes } from "./control/breaking.ts";
import { chatRoutes } from "./control/chats.ts";
import { groupRoutes } from "./control/groups.ts";
import { serveFace } from "./control/face.ts";
import { inspectingRoutes } from "./control/inspecting.ts";
import { linkingRoutes } from "./control/linking.ts";
import { observingRoutes } from "./control/observing.ts";
import { openApiDocument } from "./control/openapi.ts";
import { personRoutes } from "./control/people.ts";
import { phoneRoutes } from "./control/phones.ts";
import { Problem, renderProblem } from "./control/problem.ts";
import { register, type Route, route } from "./control/route.ts";
import { scriptingRoutes } from "./control/scripting.ts";
import { servingRoutes } from "./control/serving.ts";

const LOCAL_ORIGIN = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Every route of the control API; the document that describes them is one of them. */
function controlRoutes(network: Network, caPem: string | undefined): Route[] {
  const routes = [
    ...servingRoutes(network, caPem),
    ...phoneRoutes(network),
    ...chatRoutes(network),
    ...personRoutes(network),
    ...groupRoutes(network),
    ...linkingRoutes(network),
    ...breakingRoutes(network),
    ...scriptingRoutes(network),
    ...observingRoutes(network),
    ...inspectingRoutes(network),
  ];
  const description = ["/openapi.json", "/sim/v1/openapi.json"].map((path) =>
    route({
      method: "get",
      path,
      summary: "This description",
      response: z.looseObject({ openapi: z.string() }),
      handle: () => document,
    }),
  );
  const all = [...routes, ...description];
  const document = openApiDocument(all);
  return all;
}

/**
 * The HTTP side of the network: acts for the people in it and reports what really happened.
 * `caPem`: the certificate that clients have to trust, when the network is served over TLS.
 */
export function createControlApi(network: Network, caPem?: string): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(allowLocalOrigins);
  app.use(mediaServer(network));
  const routes = controlRoutes(network, caPem);
  register(app, routes);
  // Twice: on its own, and under the one prefix that a proxy passes on.
  app.use("/sim/face", serveFace());
  app.use(serveFace());
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
      "access-control-allow-methods": "GET,POST,PUT,PATCH,DELETE",
      "access-control-allow-headers": "content-type",
      vary: "origin",
    });
  }
  if (request.method === "OPTIONS") response.status(204).end();
  else next();
}
