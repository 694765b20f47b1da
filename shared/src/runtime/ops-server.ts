import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Ops } from "./ops.ts";

/** Answers GET and HEAD of the ops paths, and 404 for the rest. For a `node:http` server without other routes. */
export function handleOps(ops: Ops): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    respond(ops, request, response).catch((error: unknown) => {
      response.writeHead(500, { "content-type": "text/plain" });
      response.end(`The answer could not be made: ${(error as Error).name}\n`);
    });
  };
}

async function respond(ops: Ops, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  const answer = request.method === "GET" || request.method === "HEAD" ? await ops.answer(path) : null;
  response.writeHead(answer?.status ?? 404, {
    "content-type": answer?.contentType ?? "text/plain",
    "cache-control": "no-store",
  });
  response.end(request.method === "HEAD" ? undefined : (answer?.body ?? "There is nothing here\n"));
}

/** Starts to listen and returns the port taken (port 0 takes a free one). Rejects with a sentence when the port is busy. */
export async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "another program listens there" : error.message;
      reject(new Error(`cannot listen on ${host}:${port}: ${why}`, { cause: error }));
    };
    server.once("error", refuse);
    server.listen(port, host, () => {
      server.off("error", refuse);
      resolve();
    });
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/** Opens a server that has nothing but the ops paths; disposing it ends open connections. */
export async function openOpsServer({ ops, host, port }: { ops: Ops; host: string; port: number }) {
  const server = createServer(handleOps(ops));
  const taken = await listen(server, { host, port });
  return {
    port: taken,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
