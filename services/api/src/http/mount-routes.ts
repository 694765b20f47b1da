import { AppError } from "@flotilla/shared/contract/problem";
import { bindIds, type Logger } from "@flotilla/shared/runtime/logger";
import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import { z } from "zod";
import { readIdempotency } from "./idempotency.ts";
import type { TakeToken } from "./rate-limit.ts";
import type { Answer, Caller, Route } from "./route.ts";
import { parseBody, parseQuery, refuseHostileJson } from "./validate.ts";

export interface MountOptions {
  authenticate: (request: Request) => Promise<Caller>;
  takeToken: TakeToken;
  /** Aborts when the process begins to end. */
  closing: AbortSignal;
  logger: Logger;
}

const defaultMaxBytes = 256 * 1_024;
const otherNames: ReadonlyMap<string, RegExp> = new Map([
  ["session", /^[a-z0-9_-]{1,64}$/],
  ["worker", /^[\w.-]{1,64}$/],
]);
const noBody = z.strictObject({});

/** Mounts every route, and for each path a 405 that says which methods it takes. */
export function mountRoutes(app: Express, routes: readonly Route[], options: MountOptions): void {
  for (const path of new Set(routes.map((route) => route.path))) {
    const here = routes.filter((route) => route.path === path);
    for (const route of here) app[route.method](path, noteTemplate(path), ...handlersOf(route, options));
    app.all(path, noteTemplate(path), refuseMethod(here.map((route) => route.method)));
  }
}

/** Answers OPTIONS with the methods of a path, and anything else that comes here with 405. */
export function refuseMethod(methods: readonly string[]): RequestHandler {
  const allowed = [...new Set([...methods.map((method) => method.toUpperCase()), "OPTIONS"])];
  if (allowed.includes("GET")) allowed.push("HEAD");
  return (request, response) => {
    response.setHeader("Allow", allowed.join(", "));
    if (request.method !== "OPTIONS") throw new AppError("method_not_allowed", `This path takes ${allowed.join(", ")}`);
    response.status(204).end();
  };
}

/** Remembers the path as it is documented, for the log line and the metrics. */
export function noteTemplate(template: string, { quiet = false } = {}): RequestHandler {
  return (_, response, next) => {
    response.locals["template"] = template;
    response.locals["quiet"] = quiet;
    next();
  };
}

function handlersOf(route: Route, { authenticate, takeToken, closing, logger }: MountOptions): RequestHandler[] {
  const identify: RequestHandler = async (request, response, next) => {
    const caller = await authenticate(request);
    response.locals["caller"] = caller;
    response.locals["tenantId"] = caller.tenant.id;
    response.locals["memberId"] = caller.member.id;
    if (route.scope !== null && !caller.scopes.includes(route.scope))
      throw new AppError(
        "insufficient_scope",
        route.scope.startsWith("ops:")
          ? "This is for operators of the installation"
          : `The role ${caller.member.role} does not include ${route.scope}`,
      );
    response.set(takeToken(caller.tenant.id, route.rate));
    next();
  };
  const readJson = express.json({ limit: route.maxBytes ?? defaultMaxBytes, strict: false, type: () => true });
  const perform: RequestHandler = async (request, response) => {
    const caller = response.locals["caller"] as Caller;
    const params = readParams(request);
    const query = parseQuery(route.query ?? null, request.originalUrl);
    const rawBody: unknown = route.streams === undefined ? (request.body ?? {}) : undefined;
    const takesBody = request.method === "POST" || request.method === "PUT";
    const body = route.streams === undefined && takesBody ? readBody(route, rawBody) : undefined;
    const requestId = String(response.locals["requestId"]);
    const answer = await route.handle({
      ...caller,
      params,
      query,
      body,
      rawBody,
      requestId,
      signal: AbortSignal.any([closing, signalOfLeaving(response)]),
      logger: bindIds(logger, { requestId, tenantId: caller.tenant.id, memberId: caller.member.id }),
      idempotency:
        route.idempotencyTtlS === undefined
          ? null
          : readIdempotency(request.get("idempotency-key"), {
              route: `${route.method.toUpperCase()} ${route.path}`,
              body: rawBody,
              ttlS: route.idempotencyTtlS,
            }),
      request,
      response,
    });
    sendAnswer(response, answer);
  };
  const checkType: RequestHandler = (request, _, next) => {
    refuseOtherTypes(request, route.streams ?? ["application/json"]);
    next();
  };
  return [identify, checkType, ...(route.streams === undefined ? [readJson] : []), perform];
}

function readBody(route: Route, rawBody: unknown): unknown {
  if (route.bodyIsCheckedByHandler !== true) return parseBody(route.body ?? noBody, rawBody);
  refuseHostileJson(rawBody);
  return undefined;
}

function sendAnswer(response: Response, answer: Answer): void {
  if (answer === "answered") return;
  response.status(answer.status).set("Cache-Control", "no-store");
  if (answer.headers !== undefined) response.set(answer.headers);
  if (answer.body === undefined) response.end();
  else response.json(answer.body);
}

/** Ids are UUIDs in lower case; `:session` may be a name, and `:worker` is a word. What cannot be an id names nothing, so it is 404 like a missing row. */
function readParams(request: Request): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.params as Record<string, string>)) {
    const id = value.toLowerCase();
    const isId = name !== "worker" && z.uuid().safeParse(id).success;
    if (!isId && otherNames.get(name)?.test(value) !== true)
      throw new AppError("not_found", `There is no such ${name}`);
    params[name] = isId ? id : value;
  }
  return params;
}

function refuseOtherTypes(request: Request, accepted: readonly string[]): void {
  const length = request.get("content-length");
  const hasBody = request.get("transfer-encoding") !== undefined || (length !== undefined && length !== "0");
  if (!hasBody) return;
  const type = (request.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (!accepted.includes(type))
    throw new AppError(
      "unsupported_media_type",
      `Send Content-Type: ${accepted.join(" or ")}${type === "" ? "" : `, not ${type.slice(0, 64)}`}`,
    );
}

function signalOfLeaving(response: Response): AbortSignal {
  const leaving = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) leaving.abort();
  });
  return leaving.signal;
}
