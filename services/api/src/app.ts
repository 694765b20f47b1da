import { AppError } from "@flotilla/shared/contract/problem";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { Ops } from "@flotilla/shared/runtime/ops";
import cors from "cors";
import express, { type Express } from "express";
import helmet from "helmet";
import { createAuthenticator } from "./http/authenticate.ts";
import { mountRoutes } from "./http/mount-routes.ts";
import { createRateLimit, type Rates } from "./http/rate-limit.ts";
import { renderProblem } from "./http/render-problem.ts";
import { openRequestContext } from "./http/request-context.ts";
import { createRequestMeter } from "./http/request-meter.ts";
import type { Route } from "./http/route.ts";
import type { Dependencies } from "./dependencies.ts";
import { campaignRoutes } from "./routes/campaigns.ts";
import { chatRoutes } from "./routes/chats.ts";
import { eventRoutes } from "./routes/events.ts";
import { fleetRoutes } from "./routes/fleet.ts";
import { mountHealth } from "./routes/health.ts";
import { meRoutes } from "./routes/me.ts";
import { messageRoutes } from "./routes/messages.ts";
import { mountOpenApi } from "./routes/openapi.ts";
import { qrRoutes } from "./routes/qr.ts";
import { recipientRoutes } from "./routes/recipients.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { suppressionRoutes } from "./routes/suppressions.ts";
import { mountSimulatorProxy } from "./routes/simulator-proxy.ts";

export interface AppOptions extends Omit<Dependencies, keyof AsyncDisposable> {
  origins: readonly string[];
  simulatorUrl: string | null;
  version: string;
  ops: Ops;
  logger: Logger;
  /** Aborts when the process begins to end: long polls answer at once. */
  closing: AbortSignal;
  /** How fast one tenant may ask; the documented limits when absent. */
  rates?: Rates | undefined;
}

const exposedHeaders = [
  "X-Request-Id",
  "Retry-After",
  "RateLimit",
  "RateLimit-Policy",
  "Idempotency-Replayed",
  "Preference-Applied",
  "Location",
];

/** Every documented route. */
export function routesOf(deps: AppOptions): Route[] {
  return [
    ...sessionRoutes(deps),
    ...qrRoutes(deps),
    ...messageRoutes(deps),
    ...campaignRoutes(deps),
    ...recipientRoutes(deps),
    ...chatRoutes(deps),
    ...suppressionRoutes(deps),
    ...eventRoutes(deps),
    ...fleetRoutes(deps),
    ...meRoutes({ ...deps, simulator: deps.simulatorUrl !== null }),
  ];
}

/** The whole HTTP surface, from what it depends on. */
export function createApp(deps: AppOptions): Express {
  const { logger, ops, closing, origins, simulatorUrl } = deps;
  const app = express();
  app.set("etag", false);
  // Queries are read where their schema is.
  app.set("query parser", false);
  app.use(openRequestContext(logger, createRequestMeter(ops.registry)));
  app.use(helmet());
  app.use(cors({ origin: [...origins], exposedHeaders, maxAge: 600 }));

  const routes = routesOf(deps);
  const authenticate = createAuthenticator(deps);
  const takeToken = createRateLimit(deps.rates);
  mountHealth(app, ops);
  mountOpenApi(app, routes, deps.version);
  mountRoutes(app, routes, { authenticate, takeToken, closing, logger });
  if (simulatorUrl !== null) mountSimulatorProxy(app, { simulatorUrl, authenticate, takeToken });

  app.use(() => {
    throw new AppError("not_found", "There is nothing here");
  });
  app.use(renderProblem(logger));
  return app;
}
