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
/** The first rows of an NDJSON answer, and whether there are more. */
export type ReadLines = <Schema extends z.ZodType>(
  request: Request<Schema> & { most: number },
) => Promise<{ rows: z.infer<Schema>[]; hasMore: boolean }>;

/**
 * HTTP exchanges with a JSON service: bearer token, problem bodies as `RequestError`, answers parsed by their schema.
 * `getToken` is asked for each request, so a refreshed token is used at once; null sends none.
 */
export function createRequests(
  baseUrl: string,
  getToken: () => Promise<string | null>,
): { send: SendRequest; readLines: ReadLines } {
  async function exchange(request: Request<z.ZodType>, accept: string): Promise<Response> {
    const { method = "GET", path, query = {}, json, raw, idempotencyKey, signal } = request;
    const url = new URL(baseUrl + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers = new Headers({ accept });
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
    if (response.ok) return response;
    const problem = Problem.safeParse(parseJson(await response.text()));
    if (problem.success) throw new RequestError(response.status, problem.data);
    const detail = `The server answered ${response.status}`;
    throw new RequestError(response.status, { code: "unknown", detail, ...requestIdOf(response) });
  }

  function parse<Schema extends z.ZodType>(answer: Schema, text: string, response: Response): z.infer<Schema> {
    const read = answer.safeParse(parseJson(text));
    if (read.success) return read.data;
    const detail = "The server answered in a form this page does not know; reload it to get the newest";
    throw new RequestError(response.status, { code: "unknown_answer", detail, ...requestIdOf(response) }, read.error);
  }

  return {
    async send(request) {
      const response = await exchange(request, "application/json");
      return parse(request.answer, await response.text(), response);
    },
    async readLines({ most, ...request }) {
      const response = await exchange(request, "application/x-ndjson");
      const { lines, hasMore } = await firstLines(response, most);
      return { rows: lines.map((line) => parse(request.answer, line, response)), hasMore };
    },
  };
}

/** Reads no more of a body than its first lines need: the whole may be a million lines long. */
async function firstLines(response: Response, most: number): Promise<{ lines: string[]; hasMore: boolean }> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    text += value ?? "";
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    if (done) return { lines: lines.slice(0, most), hasMore: lines.length > most };
    if (lines.length > most + 1) {
      await reader?.cancel();
      return { lines: lines.slice(0, most), hasMore: true };
    }
  }
}

function requestIdOf(response: Response): { request_id?: string } {
  const id = response.headers.get("x-request-id");
  return id === null ? {} : { request_id: id };
}

function parseJson(text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return text; // judged by the schema
  }
}
