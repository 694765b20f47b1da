import { fileURLToPath } from "node:url";
import pino from "pino";
import { loadServerConfig } from "./src/server/config.ts";
import { openDashboardServer } from "./src/server/dashboard-server.ts";

/** The dashboard as a process: the built page and one origin for everything behind it. SIGTERM ends it at once. */
try {
  const config = loadServerConfig();
  const logger = pino({ level: config.logLevel, base: { service: "dashboard" } });
  const distFolder = fileURLToPath(new URL("./dist", import.meta.url));
  const server = await openDashboardServer(config, { logger, distFolder });
  logger.info({ host: config.host, port: server.port }, "The dashboard is open");
  const stop = (signal: NodeJS.Signals): void => {
    logger.info({ signal }, "The dashboard closes");
    void server[Symbol.asyncDispose]().then(() => process.exit(0));
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
} catch (error) {
  pino({ base: { service: "dashboard" } }).fatal(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
