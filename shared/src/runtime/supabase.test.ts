import { createServer, type RequestListener } from "node:http";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError } from "../contract/problem.ts";
import { checkSupabase } from "./check-supabase.ts";
import { callFunction, createServiceClient, DatabaseFault } from "./supabase.ts";

const secretKey = "sb_secret_0123456789abcdef";

async function openApi(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url,
    client: createServiceClient({ url, secretKey, timeoutMs: 2_000 }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const answer =
  (status: number, body: unknown): RequestListener =>
  (_, response) =>
    void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

const failureOf = (promise: Promise<unknown>): Promise<AppError> =>
  promise.then(
    () => Promise.reject(new Error("the call succeeded")),
    (error: AppError) => error,
  );

describe("callFunction", () => {
  it("sends the arguments and the key, and parses the answer", async () => {
    let seen = "";
    await using api = await openApi((request, response) => {
      seen = `${request.method} ${request.url} ${String(request.headers["apikey"])}`;
      answer(200, { n: 1 })(request, response);
    });
    expect(await callFunction(api.client, "f", { p: 1 }, { schema: z.object({ n: z.int() }) })).toEqual({ n: 1 });
    expect(seen).toBe(`POST /rest/v1/rpc/f ${secretKey}`);
  });

  it.each([
    [500, { code: "40001", message: "could not serialize" }, "unavailable"],
    [500, { code: "40P01", message: "deadlock detected" }, "unavailable"],
    [503, { code: "PGRST000", message: "no connection" }, "unavailable"],
    [500, { code: "57014", message: "canceling statement" }, "unavailable"],
    [502, { message: "bad gateway" }, "unavailable"],
    [400, { code: "P0001", message: "no such thing" }, "internal"],
    [500, { code: "42703", message: "column does not exist" }, "internal"],
    [401, { message: "invalid key" }, "internal"],
  ])("turns %i %j into %s", async (status, body, code) => {
    await using api = await openApi(answer(status, body));
    const error = await failureOf(callFunction(api.client, "f", {}));
    expect(error).toBeInstanceOf(AppError);
    expect(error.code).toBe(code);
    expect(error.cause).toBeInstanceOf(DatabaseFault);
    expect(error.retryAfterSeconds).toBe(code === "unavailable" ? 2 : undefined);
  });

  it("is unavailable when nothing listens", async () => {
    const api = await openApi(answer(200, null));
    await api.close();
    expect((await failureOf(callFunction(api.client, "f", {}))).code).toBe("unavailable");
  });

  it("is unavailable when the answer takes longer than the call allows", async () => {
    await using api = await openApi(() => {});
    expect((await failureOf(callFunction(api.client, "f", {}, { timeoutMs: 50 }))).code).toBe("unavailable");
  });

  it("throws the caller's own reason when the caller gave up", async () => {
    await using api = await openApi(() => {});
    const controller = new AbortController();
    const call = callFunction(api.client, "f", {}, { signal: controller.signal });
    controller.abort(new Error("not needed any more"));
    await expect(call).rejects.toThrow("not needed any more");
  });

  it("is internal when the answer has another shape", async () => {
    await using api = await openApi(answer(200, { n: "one" }));
    expect((await failureOf(callFunction(api.client, "f", {}, { schema: z.object({ n: z.int() }) }))).code).toBe(
      "internal",
    );
  });
});

describe("checkSupabase", () => {
  it.each([
    [401, { message: "Invalid API key" }, "SUPABASE_SECRET_KEY was refused"],
    [403, { code: "42501", message: "permission denied for function read_heads" }, "publishable key is not enough"],
    [404, { code: "PGRST202", message: "Could not find the function public.read_heads" }, "apply the migrations"],
    [404, { error: "not here" }, "not as a Supabase API"],
  ])("explains %i %j", async (status, body, words) => {
    await using api = await openApi(answer(status, body));
    expect((await failureOf(checkSupabase(api))).message).toContain(words);
  });

  it("names the address that cannot be reached", async () => {
    const api = await openApi(answer(200, []));
    await api.close();
    expect((await failureOf(checkSupabase(api))).message).toBe(
      `SUPABASE_URL ${api.url} cannot be reached: nothing listens there (ECONNREFUSED)`,
    );
  });
});
