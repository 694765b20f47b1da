import { Problem, problemCatalogue } from "@flotilla/shared/contract/problem";
import { z } from "zod";
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from "zod-openapi";
import type { Route } from "./route.ts";

const refusals: Record<number, string> = {
  400: "Malformed: the body is no JSON, or the path, a header or the cursor cannot be read",
  401: "No valid token",
  403: "The role does not include this",
  404: "There is nothing here, or it belongs to another tenant",
  409: "Clashes with the present state",
  413: "The body is too large",
  415: "The content type is not supported",
  422: "Fields are invalid; `errors` lists all of them by JSON pointer",
  429: "Too many requests; try again after Retry-After seconds",
  500: "Something failed on our side",
  503: "A part we depend on is away; try again after Retry-After seconds",
};

const describedNames: ReadonlyMap<string, z.ZodString> = new Map([
  ["session", z.string().describe("Id or name of the session")],
  ["worker", z.string().describe("Id of the worker, new at each start of its process")],
]);

/** The OpenAPI 3.1 document of the routes, made from the very schemas that check their requests. */
export function createOpenApiDocument(routes: readonly Route[], version: string): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method]: describe(route) };
  }
  return createDocument({
    openapi: "3.1.1",
    info: {
      title: "Flotilla",
      version,
      description: `A WhatsApp gateway. Every refusal is \`application/problem+json\`, its \`code\` one of: ${Object.keys(problemCatalogue).join(", ")}.`,
    },
    servers: [{ url: "/" }],
    security: [{ member: [] }],
    components: {
      securitySchemes: {
        member: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "A member's Supabase access token",
        },
      },
    },
    paths,
  });
}

function describe(route: Route): ZodOpenApiOperationObject {
  const problem = { "application/problem+json": { schema: Problem } };
  const responses: NonNullable<ZodOpenApiOperationObject["responses"]> = {};
  for (const [status, description] of Object.entries(refusals))
    responses[`${Number(status)}` as "400"] = { description, content: problem };
  for (const [status, { description, schema, content }] of Object.entries(route.answers)) {
    const kinds = content ?? (schema === undefined ? {} : { "application/json": schema });
    const described = Object.fromEntries(Object.entries(kinds).map(([type, inner]) => [type, { schema: inner }]));
    responses[`${Number(status)}` as "200"] = { description, content: Number(status) >= 400 ? problem : described };
  }
  const params = Object.fromEntries(
    Array.from(route.path.matchAll(/:(\w+)/g), ([, name]) => [name!, describedNames.get(name!) ?? z.uuid()]),
  );
  const headers = z.object({
    "X-Tenant": z.uuid().optional().describe("Which of your tenants, when you belong to several"),
    ...(route.idempotencyTtlS === undefined
      ? {}
      : {
          "Idempotency-Key": z
            .string()
            .max(255)
            .optional()
            .describe("The same key and body get the first answer again"),
        }),
  });
  const streamed = Object.fromEntries((route.streams ?? []).map((type) => [type, { schema: z.string() }]));
  const body = route.body === undefined ? streamed : { "application/json": { schema: route.body } };
  return {
    summary: route.summary,
    tags: [route.path.split("/")[2]!],
    ...(route.scope === null ? {} : { "x-scope": route.scope }),
    requestParams: {
      path: z.object(params),
      header: headers,
      ...(route.query === undefined ? {} : { query: route.query as z.ZodObject }),
    },
    ...(Object.keys(body).length === 0 ? {} : { requestBody: { required: true, content: body } }),
    responses,
  };
}
