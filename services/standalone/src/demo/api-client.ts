import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";

/** How often a request is made that the API answers with "too many". */
const MOST_TRIES = 10;

/** An answer of the API that was not a success: what the problem says. */
export class ApiRefusal extends Error {
  override name = "ApiRefusal";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

type ApiRequest<T> = {
  method?: "GET" | "POST" | "DELETE";
  /** JSON, unless `stream` is given. */
  body?: unknown;
  stream?: { type: string; content: ReadableStream<Uint8Array> };
  schema: z.ZodType<T>;
};

/** Calls the public API as a member would; every answer is parsed. */
export type ApiClient = {
  /** @throws ApiRefusal for every status of 400 and above */
  call<T>(path: string, request: ApiRequest<T>): Promise<T>;
  /** Like `call`, and null for 204. */
  tryCall<T>(path: string, request: ApiRequest<T>): Promise<T | null>;
};

/** @param token asked for each request: it is renewed when it runs out */
export function createApiClient(apiUrl: string, token: () => Promise<string>): ApiClient {
  const tryCall = async <T>(
    path: string,
    { method = "GET", body, stream, schema }: ApiRequest<T>,
  ): Promise<T | null> => {
    const headers: Record<string, string> = {
      authorization: `Bearer ${await token()}`,
      accept: "application/json",
    };
    if (stream) headers["content-type"] = stream.type;
    else if (body !== undefined) headers["content-type"] = "application/json";
    const send = () =>
      fetch(`${apiUrl}${path}`, {
        method,
        headers,
        ...(stream
          ? { body: stream.content, duplex: "half" }
          : body === undefined
            ? {}
            : { body: JSON.stringify(body) }),
      });
    let response = await send();
    // A stream is spent by the first attempt; everything else waits as long as it is told to.
    const mostTries = stream ? 1 : MOST_TRIES;
    for (let tries = 1; response.status === 429 && tries < mostTries; tries++) {
      await response.body?.cancel();
      await sleep(1000 * Number(response.headers.get("retry-after") ?? 1));
      response = await send();
    }
    if (response.status === 204) return null;
    const answer: unknown = await response.json().catch(() => null);
    if (!response.ok) throw refusal(method, path, response.status, answer);
    return schema.parse(answer);
  };
  return {
    tryCall,
    async call(path, request) {
      const answer = await tryCall(path, request);
      if (answer === null) throw new ApiRefusal(204, "no_content", `${path} answered without content`);
      return answer;
    },
  };
}

function refusal(method: string, path: string, status: number, answer: unknown): ApiRefusal {
  const { code, detail, title } = (answer ?? {}) as { code?: string; detail?: string; title?: string };
  const words = detail ?? title ?? "no reason given";
  return new ApiRefusal(status, code ?? "unknown", `${method} ${path}: ${words} (${code ?? "no code"}, ${status})`);
}
