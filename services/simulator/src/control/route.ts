import express, { type Express, type Request, type Response } from "express";
import type { z } from "zod";
import { Problem } from "./problem.ts";

/** What a handler gets: only what its schemas let through. */
export interface RouteInput<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
}

/** One route: how it is called, and what it does. The OpenAPI document is made of these. */
export interface Route {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** Express path. */
  readonly path: string;
  readonly summary: string;
  /** Status of success; without content when the handler returns nothing. */
  readonly status: number;
  readonly params?: z.ZodType | undefined;
  readonly query?: z.ZodType | undefined;
  readonly body?: z.ZodType | undefined;
  readonly response?: z.ZodType | undefined;
  readonly handle: (input: RouteInput<unknown, unknown, unknown>, response: Response) => unknown;
  /** Bytes that the body may have, `1mb` when absent. */
  readonly bodyLimit?: string | undefined;
  /** Media type of the body; JSON when absent. */
  readonly consumes?: "text/plain" | undefined;
  /** Media types of the answer when it is not JSON alone. */
  readonly produces?: readonly string[] | undefined;
}

/** What a handler returns that has taken the response into its own hands. */
export const answered = Symbol("answered");

/** Declares a route; the handler's types follow from the schemas. */
export function route<P = undefined, Q = undefined, B = undefined>(spec: {
  method: Route["method"];
  path: string;
  summary: string;
  status?: number;
  params?: z.ZodType<P>;
  query?: z.ZodType<Q>;
  body?: z.ZodType<B>;
  response?: z.ZodType;
  bodyLimit?: string;
  consumes?: "text/plain";
  produces?: readonly string[];
  handle: (input: RouteInput<P, Q, B>, response: Response) => unknown;
}): Route {
  return { ...spec, status: spec.status ?? 200, handle: spec.handle as Route["handle"] };
}

/** Adds the routes to an Express application. */
export function register(app: Express, routes: readonly Route[]): void {
  for (const each of routes) {
    // The text may come under any type: Baileys' own tests send it without one.
    const parser = each.consumes
      ? express.text({ type: () => true })
      : express.json({ limit: each.bodyLimit ?? "1mb" });
    app[each.method](each.path, parser, async (request: Request, response: Response) => {
      const input = {
        params: parsePart("path", each.params, request.params),
        query: parsePart("query", each.query, request.query),
        body: parsePart("body", each.body, request.body ?? {}),
      };
      const result = await each.handle(input, response);
      if (result === answered) return;
      response.status(result === undefined ? 204 : each.status);
      if (result === undefined) response.end();
      else response.json(result);
    });
  }
}

function parsePart(part: string, schema: z.ZodType | undefined, value: unknown): unknown {
  if (!schema) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({
    at: [part, ...issue.path.map(String)].join("."),
    message: issue.message,
  }));
  throw new Problem(422, "invalid_request", "The request does not fit the schema.", errors);
}
