// A whole worker process on a stand-in for WhatsApp: every frame it sends is a line on stdout that begins with "frame ".
import { runService } from "@flotilla/shared/runtime/run-service";
import { readConfig } from "../src/config.ts";
import { openDependencies } from "../src/dependencies.ts";
import { startWorker } from "../src/start-worker.ts";
import { createFakeNetwork } from "./fake-link.ts";

await runService({
  name: "worker",
  async start({ logger, fail }) {
    const config = readConfig();
    logger.level = config.logLevel;
    const dependencies = await openDependencies(config, logger);
    const { openLink } = createFakeNetwork({
      scanAtOnce: true,
      onFrame: (frame) => process.stdout.write(`frame ${JSON.stringify(frame)}\n`),
    });
    const { shutdown } = await startWorker({
      config,
      version: "test",
      dependencies,
      openLink,
      clientVersion: "test",
      logger,
      fail,
    });
    return { shutdown };
  },
});
