import type { Express } from "express";
import { renderDocsPage } from "../http/docs-page.ts";
import { noteTemplate, refuseMethod } from "../http/mount-routes.ts";
import { createOpenApiDocument } from "../http/openapi-document.ts";
import type { Route } from "../http/route.ts";

/** The description of the API, for machines and for people; made once. */
export function mountOpenApi(app: Express, routes: readonly Route[], version: string): void {
  const document = createOpenApiDocument(routes, version);
  const page = renderDocsPage(document);
  app.get("/openapi.json", noteTemplate("/openapi.json"), (_, response) => void response.json(document));
  app.get("/docs", noteTemplate("/docs"), (_, response) => void response.type("html").send(page));
  for (const path of ["/openapi.json", "/docs"]) app.all(path, noteTemplate(path), refuseMethod(["get"]));
}
