import { tokenConfigOf } from "@flotilla/shared/runtime/jwt";
import { createLogger } from "@flotilla/shared/runtime/logger";
import { openTestStack, type TestStack } from "@flotilla/shared/testing/fixtures";
import { readConfig } from "../src/config.ts";
import { openDependencies } from "../src/dependencies.ts";
import { openServer } from "../src/server.ts";

export interface CallOptions {
  token?: string | null;
  body?: unknown;
  /** Sent as it is, instead of `body` as JSON. */
  raw?: NonNullable<RequestInit["body"]>;
  headers?: Record<string, string>;
}

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  // What came back is looked at by the assertions, which is what a test is for.
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
}

export interface RunningApi {
  stack: TestStack;
  url: string;
  /** Access token of the first member. */
  token: string;
  /** Lines the API logged. */
  logged: string[];
  /** Calls as the first member unless a token is given; `token: null` sends none. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The API as it runs, on a stack of its own, with one member signed up. */
export async function openRunningApi(
  environmentOf: (stack: TestStack) => Record<string, string> = () => ({}),
): Promise<RunningApi> {
  const stack = await openTestStack();
  const member = await stack.signUp();
  const logged: string[] = [];
  const logger = createLogger({ service: "api", destination: { write: (line: string) => void logged.push(line) } });
  const config = readConfig({
    SUPABASE_URL: stack.supabaseUrl,
    SUPABASE_SECRET_KEY: stack.secretKey,
    SUPABASE_JWT_SECRET: stack.jwtSecret,
    REDIS_URL: stack.redisUrl,
    PORT: "0",
    ...environmentOf(stack),
  });
  const dependencies = await openDependencies(
    {
      ...config,
      tokens: tokenConfigOf({ SUPABASE_URL: stack.supabaseUrl, SUPABASE_JWT_SECRET: stack.jwtSecret }),
    },
    logger,
  );
  const server = await openServer(config, dependencies, logger);
  const url = `http://127.0.0.1:${server.port}`;
  return {
    stack,
    url,
    token: member.accessToken,
    logged,
    async call(method, path, { token = member.accessToken, body, raw, headers = {} } = {}) {
      const response = await fetch(url + path, {
        method,
        headers: {
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(raw === undefined ? (body === undefined ? {} : { body: JSON.stringify(body) }) : { body: raw }),
        redirect: "manual",
      });
      const text = await response.text();
      if (response.status === 500) console.error(logged.findLast((line) => line.includes('"level":"error"')));
      const type = response.headers.get("content-type") ?? "";
      const isJson = text !== "" && /\/(problem\+)?json/.test(type);
      return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await dependencies[Symbol.asyncDispose]();
      await stack[Symbol.asyncDispose]();
    },
  };
}

/** A text message to one of our invented numbers. */
export const aMessage = (session: string, more: Record<string, unknown> = {}) => ({
  session,
  to: "+5511999990001",
  type: "text",
  text: { body: "hello" },
  ...more,
});
