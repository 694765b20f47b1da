import { runService } from "@flotilla/shared/runtime/run-service";
import packageFile from "../package.json" with { type: "json" };
import { parseCredentialsKey } from "./adapters/sealing/credentials-key.ts";
import { createOpenLink } from "./adapters/whatsapp/open-link.ts";
import { prepareBaileys } from "./boot/prepare-baileys.ts";
import { readConfig } from "./config.ts";
import { openDependencies } from "./dependencies.ts";
import { leakedByLibrary } from "./leaked-by-library.ts";
import { isOff, switchOff } from "./mechanisms.ts";
import { startWorker } from "./start-worker.ts";

await runService({
  name: "worker",
  onUncaught: leakedByLibrary,
  async start({ logger, fail }) {
    const config = readConfig();
    logger.level = config.logLevel;
    switchOff(config.without);
    if (config.without !== null)
      logger.error(
        `THIS WORKER RUNS WITHOUT ${config.without}: it will lose, repeat or mix up messages, as it is told to`,
      );
    const { url, rootKey } = config.whatsapp;
    const network = { webSocketUrl: url ?? undefined, rootKey: rootKey ?? undefined };
    const baileys = await prepareBaileys({ network, logger });
    const dependencies = await openDependencies(config, logger);
    const credentialsKey = parseCredentialsKey(config.credentialsKey);
    const openLink = createOpenLink({
      baileys,
      logger,
      credentialsKey,
      webSocketUrl: network.webSocketUrl,
      journal: !isOff("journal"),
    });
    const { shutdown } = await startWorker({
      config,
      version: packageFile.version,
      dependencies,
      openLink,
      clientVersion: baileys.DEFAULT_CONNECTION_CONFIG.version.join("."),
      logger,
      fail,
    });
    const close = { name: "close Redis", deadlineMs: 2_000, run: () => dependencies[Symbol.asyncDispose]() };
    return { shutdown: [...shutdown, close] };
  },
});
