import { runService } from "@flotilla/shared/runtime/run-service";
import { readConfig } from "./config.ts";
import { openDependencies } from "./dependencies.ts";
import { openServer } from "./server.ts";

await runService({
  name: "api",
  async start({ logger }) {
    const config = readConfig();
    logger.level = config.logLevel;
    const dependencies = await openDependencies(config, logger);
    const server = await openServer(config, dependencies, logger);
    logger.info(`api listens on http://${config.host}:${server.port}, its description at /docs`);
    return {
      shutdown: [
        { name: "finish requests", deadlineMs: 10_000, run: () => server.drain() },
        { name: "close the server", deadlineMs: 2_000, run: () => server[Symbol.asyncDispose]() },
        { name: "close Redis", deadlineMs: 3_000, run: () => dependencies[Symbol.asyncDispose]() },
      ],
    };
  },
});
