import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { TestCluster } from "./test-cluster.ts";

/**
 * A loopback door to the run's cluster, for the test processes that vitest forks: `POST /stacks` opens one (201 and its
 * addresses), `DELETE /stacks/{id}` closes it. The cluster is started by the first request: a run that needs none pays
 * for none.
 */
export async function openControlServer(
  openCluster: () => Promise<TestCluster>,
): Promise<AsyncDisposable & { url: string }> {
  let cluster: Promise<TestCluster> | undefined;
  const server = createServer((request, response) => {
    answer(request, response, () => (cluster ??= openCluster())).catch((error: unknown) => {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      response.writeHead(500, { "content-type": "application/json" }).end(JSON.stringify({ reason }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await (await cluster?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, cluster: () => Promise<TestCluster>) {
  const id = /^\/stacks\/([\w-]+)$/.exec(request.url ?? "")?.[1];
  if (request.method === "POST" && request.url === "/stacks") {
    const stack = await (await cluster()).openStack();
    response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify(stack));
  } else if (request.method === "DELETE" && id !== undefined) {
    await (await cluster()).closeStack(id);
    response.writeHead(204).end();
  } else {
    response.writeHead(404).end();
  }
}
