import type { Request, Response } from "express";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { z } from "zod";
import type { Scope } from "../domain/role-scopes.ts";
import type { IdempotencyRequest } from "../ports.ts";
import type { RateClass } from "./rate-limit.ts";

/** Who asks: a verified member acting for one tenant. */
export interface Caller {
  tenant: { id: string; name: string };
  member: { id: string; email: string | null; role: string };
  scopes: readonly Scope[];
}

/** One authenticated, validated request. */
export interface Call<Query = unknown, Body = unknown> extends Caller {
  params: Readonly<Record<string, string>>;
  query: Query;
  body: Body;
  /** The body as it was parsed, before defaults were filled in: what the digest of a keyed request is made of. */
  rawBody: unknown;
  requestId: string;
  /** Aborts when the client has left or the process is ending: whatever waits gives up and answers with what it has. */
  signal: AbortSignal;
  logger: Logger;
  /** The idempotency key of the request, or null when it has none. */
  idempotency: IdempotencyRequest | null;
  request: Request;
  response: Response;
}

/** What goes out; `answered` when the handler has written the response itself. */
export type Answer = { status: number; body?: unknown; headers?: Record<string, string> } | "answered";

export interface AnswerDescription {
  description: string;
  /** JSON unless `content` says otherwise. */
  schema?: z.ZodType;
  content?: Record<string, z.ZodType>;
}

/** One route: what is mounted and what is documented come from the same value. */
export interface Route<Query = unknown, Body = unknown> {
  method: "get" | "post" | "put" | "delete";
  /** With `:name` parameters; `:session` takes an id or a name, `:worker` a worker's id, every other one a UUID. */
  path: string;
  summary: string;
  /** Null: any member may. */
  scope: Scope | null;
  rate: RateClass;
  query?: z.ZodType<Query>;
  /** A JSON body. Absent: the route takes none. */
  body?: z.ZodType<Body>;
  /** `body` is for the documentation: the handler checks `rawBody` itself, as an item of a batch is checked. */
  bodyIsCheckedByHandler?: boolean;
  /** Media types that the handler reads from the socket itself, instead of `body`. */
  streams?: readonly string[];
  /** Largest JSON body in bytes; default 256 KiB. */
  maxBytes?: number;
  /** For how long the first answer of a keyed request is kept; absent: the route takes no `Idempotency-Key`. */
  idempotencyTtlS?: number;
  answers: Record<number, AnswerDescription>;
  handle(call: Call<Query, Body>): Promise<Answer>;
}

/** Lets a route's handler see the types of its schemas. */
export function defineRoute<Query, Body>(route: Route<Query, Body>): Route {
  // `handle` is a method, hence checked bivariantly: the schemas beside it are what make the call's types true.
  return route;
}
