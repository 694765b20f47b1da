import { loadConfigOrExit } from "./config.ts";
import { createLogger } from "./logger.ts";
import { ScenarioError } from "./scenario/parse-scenario.ts";
import { openSimulator } from "./simulator.ts";

const config = loadConfigOrExit();
const logger = createLogger(config.logLevel, config.logFormat);
try {
  const simulator = await openSimulator(config, logger);
  const { webSocketUrl, controlUrl } = simulator;
  logger.info(`Simulated WhatsApp network ready at ${webSocketUrl}, control API at ${controlUrl}/sim/v1`);
  const stop = async (): Promise<void> => {
    await simulator[Symbol.asyncDispose]();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());
} catch (error) {
  const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
  if (error instanceof ScenarioError) logger.fatal(`The scenario ${config.scenario} is refused:\n${error.message}`);
  else if (taken) logger.fatal(`Port ${config.port} on ${config.host} is in use by another program`);
  else logger.fatal({ err: error }, "The simulated network could not start");
  process.exitCode = 1;
}
