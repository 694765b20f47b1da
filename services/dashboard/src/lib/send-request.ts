import { Problem } from "@flotilla/shared/contract/problem";
import type { z } from "zod";
import { RequestError } from "./request-error.ts";

export interface Request<Schema extends z.ZodType> {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  /** Absent values are left out. */
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  json?: unknown;
  /** A body sent as it is, with its content type. */
  raw?: { body: Blob | string; type: string };
  /** Same key, same request: makes repeating a creating POST harmless. */
  idempotencyKey?: string;
  answer: Schema;
  signal?: AbortSignal | undefined;
}

export type SendRequest = <Schema extends z.ZodType>(request: Request<Schema>) => Promise<z.infer<Schema>>;

/**
 * One HTTP exchange with a JSON service: bearer token, problem bodies as `RequestError`, the answer parsed by its
 * schema. `getToken` is asked for each request, so a refreshed token is used at once; null sends none.
 */
export function createSendRequest(baseUrl: string, getToken: () => Promise<string | null>): SendRequest {
  return async ({ method = "GET", path, query = {}, json, raw, idempotencyKey, answer, signal }) => {
    const url = new URL(baseUrl + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers = new Headers({ accept: "application/json" });
    const token = await getToken();
    if (token !== null) headers.set("authorization", `Bearer ${token}`);
    if (idempotencyKey !== undefined) headers.set("idempotency-key", idempotencyKey);
    if (json !== undefined) headers.set("content-type", "application/json");
    if (raw) headers.set("content-type", raw.type);
    const body = raw ? raw.body : json === undefined ? null : JSON.stringify(json);
    const response = await fetch(url, { method, headers, body, signal: signal ?? null }).catch((cause: unknown) => {
      if (signal?.aborted) throw cause;
      throw new RequestError(0, { code: "unreachable", detail: "The server cannot be reached" }, cause);
    });
    const text = await response.text();
    const value = parseJson(text);
    const requestId = response.headers.get("x-request-id") ?? undefined;
    if (!response.ok) {
      const problem = Problem.safeParse(value);
      if (problem.success) throw new RequestError(response.status, problem.data);
      const detail = `The server answered ${response.status}`;
      throw new RequestError(response.status, { code: "unknown", detail, ...(requestId && { request_id: requestId }) });
    }
    const read = answer.safeParse(value);
    if (read.success) return read.data;
    const detail = "The server answered in a form this page does not know; reload it to get the newest";
    throw new RequestError(
      response.status,
      { code: "unknown_answer", detail, ...(requestId && { request_id: requestId }) },
      read.error,
    );
  };
}

function parseJson(text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return text; // judged by the schema
  }
}
