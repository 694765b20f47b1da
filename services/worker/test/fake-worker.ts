// A whole worker process on a stand-in for WhatsApp. On stdout every frame it sends is a line "frame …", every dial a line
// "dial <milliseconds>". SIGUSR2 loses all its links; FAKE_LOGIN_MS is how long a login takes.
import { runService } from "@flotilla/shared/runtime/run-service";
import { readConfig } from "../src/config.ts";
import { openDependencies } from "../src/dependencies.ts";
import type { OpenLink } from "../src/ports.ts";
import { startWorker } from "../src/start-worker.ts";
import { createFakeNetwork, poison } from "./fake-link.ts";

await runService({
  name: "worker",
  async start({ logger, fail }) {
    const config = readConfig();
    logger.level = config.logLevel;
    const dependencies = await openDependencies(config, logger);
    const network = createFakeNetwork({
      scanAtOnce: true,
      onEncode: (body) => void (body === poison && process.kill(process.pid, "SIGKILL")),
      loginMs: Number(process.env["FAKE_LOGIN_MS"] ?? 50), // oxlint-disable-line node/no-process-env -- the test's own knob
      onFrame: (frame) => process.stdout.write(`frame ${JSON.stringify(frame)}\n`),
    });
    process.on("SIGUSR2", () => {
      for (const session of network.open.keys()) network.close(session, { kind: "link_lost", code: 428, detail: "" });
    });
    const openLink: OpenLink = (options) => {
      process.stdout.write(`dial ${Date.now()}\n`);
      return network.openLink(options);
    };
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
