import type { Logger } from "@flotilla/shared/runtime/logger";
import { createOps } from "@flotilla/shared/runtime/ops";
import { listen } from "@flotilla/shared/runtime/ops-server";
import { createServer } from "node:http";
import packageFile from "../package.json" with { type: "json" };
import { createApp } from "./app.ts";
import type { Config } from "./config.ts";
import type { Dependencies } from "./dependencies.ts";

/** The longest request is a part of 64 MiB over a slow line. */
const requestTimeoutMs = 15 * 60_000;

export interface Server {
  port: number;
  /** Not ready any more: long polls answer at once, no new connection is taken. Resolves when the last answer is out. */
  drain(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts to listen. Disposing cuts what is still open. */
export async function openServer(
  config: Pick<Config, "host" | "port" | "origins" | "simulatorUrl">,
  dependencies: Dependencies,
  logger: Logger,
): Promise<Server> {
  const closing = new AbortController();
  const { version } = packageFile;
  const isDraining = () => closing.signal.aborted;
  const ops = createOps({ service: "api", version, checks: dependencies.checks, isDraining });
  const app = createApp({ ...dependencies, ...config, version, ops, logger, closing: closing.signal });
  const server = createServer({ requestTimeout: requestTimeoutMs, keepAliveTimeout: 65_000 }, app);
  const port = await listen(server, config);
  const closed = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return {
    port,
    async drain() {
      closing.abort();
      const done = closed();
      // A kept-alive connection becomes idle when its last answer is out; nobody may ask over it again.
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      await done;
      clearInterval(sweep);
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      const done = closed();
      server.closeAllConnections();
      await done;
    },
  };
}
