import type { Ops } from "@flotilla/shared/runtime/ops";
import type { Express, RequestHandler } from "express";
import { noteTemplate, refuseMethod } from "../http/mount-routes.ts";

const opsPaths = ["/livez", "/readyz", "/healthz", "/health", "/metrics"] as const;

/** Health and metrics, open to everybody; asked too often for a log line each. */
export function mountHealth(app: Express, ops: Ops): void {
  const answer: RequestHandler = async (request, response) => {
    const found = await ops.answer(request.path);
    response.set("Cache-Control", "no-store").type(found?.contentType ?? "text/plain");
    response.status(found?.status ?? 404).send(found?.body);
  };
  for (const path of opsPaths) {
    app.get(path, noteTemplate(path, { quiet: true }), answer);
    app.all(path, noteTemplate(path), refuseMethod(["get"]));
  }
}
