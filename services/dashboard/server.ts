import { fileURLToPath } from "node:url";
import { runService } from "@flotilla/shared/runtime/run-service";
import { readConfig } from "./src/server/config.ts";
import { openDashboardServer } from "./src/server/dashboard-server.ts";

await runService({
  name: "dashboard",
  async start({ logger }) {
    const config = readConfig();
    logger.level = config.logLevel;
    const distFolder = fileURLToPath(new URL("./dist", import.meta.url));
    const server = await openDashboardServer(config, { logger, distFolder });
    logger.info(`dashboard listens on http://${config.host}:${server.port}`);
    return {
      shutdown: [{ name: "close connections", deadlineMs: 900, run: () => server[Symbol.asyncDispose]() }],
    };
  },
});
