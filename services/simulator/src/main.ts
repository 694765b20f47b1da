import { ConfigError, loadConfig, type SimulatorConfig } from "./config.ts";
import { createLogger } from "./logger.ts";
import { openSimulator } from "./simulator.ts";

function configOrExit(): SimulatorConfig {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

const config = configOrExit();
const logger = createLogger(config.logLevel, config.logFormat);
try {
  const simulator = await openSimulator(config, logger);
  logger.info(
    `Simulated WhatsApp network ready at ${simulator.webSocketUrl}, control API at ${simulator.controlUrl}/sim/v1`,
  );
  const stop = async (): Promise<void> => {
    await simulator[Symbol.asyncDispose]();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());
} catch (error) {
  const code = (error as NodeJS.ErrnoException).code;
  const taken =
    code === "EADDRINUSE" ? `Port ${config.port} on ${config.host} is in use by another program.` : undefined;
  logger.fatal(taken === undefined ? { err: error } : {}, taken ?? "The simulated network could not start");
  process.exitCode = 1;
}
