import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { createRequests } from "./send-request.ts";

const Row = z.object({ n: z.int() });
let close: (() => void) | undefined;
afterEach(() => close?.());

async function serve(listener: RequestListener, token: string | null = "token") {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  return createRequests(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, async () => token);
}

test("a refusal carries its code, its fields and the request id to quote", async () => {
  const errors = [{ pointer: "/name", code: "too_short", message: "say a name" }];
  const problem = { type: "", title: "", status: 422, detail: "No", instance: "", code: "validation_failed" };
  const { send } = await serve((_request, response) =>
    response.writeHead(422).end(JSON.stringify({ ...problem, request_id: "r1", errors })),
  );
  await expect(send({ path: "/", answer: Row })).rejects.toMatchObject({
    status: 422,
    code: "validation_failed",
    requestId: "r1",
    fields: { name: "say a name" },
    retryable: false,
  });
});

test("an answer that is no problem body still gives its status and request id", async () => {
  const { send } = await serve((_request, response) => response.writeHead(502, { "x-request-id": "r2" }).end("<html>"));
  await expect(send({ path: "/", answer: Row })).rejects.toMatchObject({
    status: 502,
    requestId: "r2",
    retryable: true,
  });
});

test("an answer of another shape is refused, not guessed at", async () => {
  const { send } = await serve((_request, response) => response.end(JSON.stringify({ n: "one" })));
  await expect(send({ path: "/", answer: Row })).rejects.toMatchObject({ code: "unknown_answer" });
});

test("a server that cannot be reached is told apart from one that refuses", async () => {
  const { send } = createRequests("http://127.0.0.1:9", async () => null);
  await expect(send({ path: "/", answer: Row })).rejects.toMatchObject({ status: 0, code: "unreachable" });
});

test("of a long list only the first lines are read", async () => {
  let isCut = false;
  const { readLines } = await serve((_request, response) => {
    response.on("close", () => (isCut = !response.writableFinished));
    for (let n = 0; n < 10; n++) response.write(`${JSON.stringify({ n })}\n`); // and never ends
  });
  const read = await readLines({ path: "/", answer: Row, most: 3 });
  expect(read).toEqual({ rows: [{ n: 0 }, { n: 1 }, { n: 2 }], hasMore: true });
  await expect.poll(() => isCut).toBe(true);
});

test("a short list is read whole", async () => {
  const { readLines } = await serve((_request, response) => response.end('{"n":1}\n{"n":2}\n'));
  await expect(readLines({ path: "/", answer: Row, most: 3 })).resolves.toEqual({
    rows: [{ n: 1 }, { n: 2 }],
    hasMore: false,
  });
});
