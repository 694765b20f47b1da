import { AppError } from "@flotilla/shared/contract/problem";
import type { Express, Request, RequestHandler, Response } from "express";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { noteTemplate } from "../http/mount-routes.ts";
import type { TakeToken } from "../http/rate-limit.ts";
import type { Caller } from "../http/route.ts";

const passedOn = ["content-type", "accept", "content-length", "content-encoding"];
const passedBack = ["content-type", "location", "allow"];
const bodiless = new Set(["GET", "HEAD"]);

/**
 * Hands `/sim` on to the simulator's control API for authenticated members, both ways as a stream and without their
 * tokens. Mounted only where there is a simulator; everywhere else these paths are 404.
 */
export function mountSimulatorProxy(
  app: Express,
  deps: { simulatorUrl: string; authenticate: (request: Request) => Promise<Caller>; takeToken: TakeToken },
): void {
  const proxy: RequestHandler = async (request, response) => {
    const { tenant, member, scopes } = await deps.authenticate(request);
    Object.assign(response.locals, { tenantId: tenant.id, memberId: member.id });
    const reads = bodiless.has(request.method);
    const scope = reads ? "sim:read" : "sim:write";
    if (!scopes.includes(scope))
      throw new AppError("insufficient_scope", `The role ${member.role} does not include ${scope}`);
    response.set(deps.takeToken(tenant.id, reads ? "reads" : "sends"));
    await passOn(request, response, new URL(safePath(request.originalUrl), deps.simulatorUrl), reads);
  };
  app.all("/sim/{*path}", noteTemplate("/sim/*"), proxy);
}

/** The path as it came, unless it would climb out of `/sim` once it is normalised. */
function safePath(url: string): string {
  if (!new URL(url, "http://simulator").pathname.startsWith("/sim/"))
    throw new AppError("not_found", "There is nothing here");
  return url;
}

async function passOn(request: Request, response: Response, target: URL, reads: boolean): Promise<void> {
  const leaving = new AbortController();
  response.once("close", () => leaving.abort());
  const headers = new Headers();
  for (const name of passedOn) {
    const value = request.headers[name];
    if (typeof value === "string" && (!reads || name === "accept")) headers.set(name, value);
  }
  headers.set("x-request-id", String(response.locals["requestId"]));
  const body = reads ? {} : { body: Readable.toWeb(request) as unknown as ReadableStream, duplex: "half" as const };
  const answer = await fetch(target, {
    method: request.method,
    headers,
    redirect: "manual",
    signal: leaving.signal,
    ...body,
  }).catch((cause: unknown) => {
    throw new AppError("unavailable", "The simulator does not answer", { cause, retryAfterSeconds: 2 });
  });
  response.status(answer.status).set("Cache-Control", "no-store");
  for (const name of passedBack) {
    const value = answer.headers.get(name);
    if (value !== null) response.set(name, value);
  }
  if (answer.body === null) {
    response.end();
    return;
  }
  await pipeline(Readable.fromWeb(answer.body), response).catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
}
