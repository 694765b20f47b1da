import { runService } from "@flotilla/shared/runtime/run-service";
import { readConfig } from "./config.ts";
import { openDependencies } from "./dependencies.ts";
import { openServer } from "./server.ts";

await runService({
  name: "realtime",
  async start({ logger }) {
    const config = readConfig();
    logger.level = config.logLevel;
    const dependencies = await openDependencies(config, logger);
    const server = await openServer({ config, logger, ...dependencies });
    logger.info(`realtime ${config.replica} listens on ws://${config.host}:${server.port}`);
    return {
      shutdown: [
        { name: "let dashboards go", deadlineMs: config.drainMs + 2_000, run: () => server.drain() },
        { name: "close the server", deadlineMs: 5_000, run: () => server[Symbol.asyncDispose]() },
        { name: "close Redis", deadlineMs: 2_000, run: () => dependencies[Symbol.asyncDispose]() },
      ],
    };
  },
});
