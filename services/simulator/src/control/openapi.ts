import { z } from "zod";
import type { Route } from "./route.ts";

/** The OpenAPI 3.1 document of these routes. */
export function openApiDocument(routes: readonly Route[]): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const each of routes) {
    const path = each.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] ??= {};
    paths[path][each.method] = operation(each);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Simulated WhatsApp network", version: "1", description: "Control of phones, links and faults." },
    paths,
  };
}

function operation(each: Route): unknown {
  const schema = each.response ? schemaOf(each.response, "output") : { type: "string" };
  const types = each.produces ?? (each.response ? ["application/json"] : []);
  const success = {
    description: "Done",
    ...(types.length > 0 ? { content: Object.fromEntries(types.map((type) => [type, { schema }])) } : {}),
  };
  return {
    summary: each.summary,
    parameters: [...parameters("path", each.params), ...parameters("query", each.query)],
    ...(each.body
      ? {
          requestBody: {
            required: true,
            content: { [each.consumes ?? "application/json"]: { schema: schemaOf(each.body, "input") } },
          },
        }
      : {}),
    responses: {
      [types.length > 0 ? String(each.status) : "204"]: success,
      default: { description: "Refused", content: { "application/problem+json": { schema: { type: "object" } } } },
    },
  };
}

function parameters(place: "path" | "query", schema: z.ZodType | undefined): unknown[] {
  if (!(schema instanceof z.ZodObject)) return [];
  const { properties = {}, required = [] } = schemaOf(schema, "input");
  return Object.entries(properties).map(([name, of]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: of,
  }));
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): z.core.JSONSchema.BaseSchema {
  // Schemas stand in place: `$defs` of each would not be found from inside the document.
  const metadata = z.registry<z.core.JSONSchemaMeta>();
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any", metadata });
  return rest;
}
