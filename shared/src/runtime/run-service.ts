import { createLogger, type Logger } from "./logger.ts";
import { monotonicMs } from "./clock.ts";

/** One step of an orderly end. Phases run in order; one that fails or runs over is logged and the next begins. */
export interface ShutdownPhase {
  /** Completes the sentence "shutting down: …", such as "finish requests". */
  name: string;
  deadlineMs: number;
  /** The signal aborts at the deadline. */
  run: (signal: AbortSignal) => Promise<void> | void;
}

export interface StartContext {
  /** The root logger; set its `level` before making children of it. */
  logger: Logger;
  /** Aborts when the service is asked to end while it starts. */
  signal: AbortSignal;
  /** Asks for an orderly end from inside; the exit code is then 1. */
  fail: (reason: string, error?: unknown) => void;
}

export interface RunServiceOptions {
  name: string;
  /** Opens everything and resolves when the service works. Loads its configuration first, so a mistake is told plainly. */
  start: (context: StartContext) => Promise<{ shutdown: ShutdownPhase[] }>;
  /**
   * What to do with an error nobody caught. `exit` (the default for all) ends the process at once, because its state is
   * unknown; `continue` is for errors a library is known to leak harmlessly.
   */
  onUncaught?: (error: unknown, origin: "unhandledRejection" | "uncaughtException") => "exit" | "continue";
}

/**
 * Runs a service from start to exit and never returns normally: the process ends with 0 after an orderly shutdown on
 * SIGTERM or SIGINT, 1 when it could not start, failed, or a shutdown phase did. A second signal ends it at once.
 */
export async function runService({ name, start, onUncaught = () => "exit" }: RunServiceOptions): Promise<void> {
  const logger = createLogger({ service: name });
  const ending = Promise.withResolvers<{ reason: string; exitCode: number }>();
  const starting = new AbortController();
  let signals = 0;

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      signals++;
      if (signals > 1) {
        logger.warn(`${name} got a second ${signal} and exits at once`);
        process.exit(1);
      }
      starting.abort(new Error(`${signal} during start`));
      ending.resolve({ reason: signal, exitCode: 0 });
    });
  }
  for (const origin of ["unhandledRejection", "uncaughtException"] as const) {
    process.on(origin, (error: unknown) => {
      if (onUncaught(error, origin) === "continue") return;
      logger.fatal({ error, origin }, `${name} stops: an error nobody caught (${messageOf(error)})`);
      process.exit(1);
    });
  }

  const fail = (reason: string, error?: unknown) => {
    logger.error({ error }, `${name} has to stop: ${reason}`);
    ending.resolve({ reason, exitCode: 1 });
  };
  let shutdown: ShutdownPhase[];
  try {
    ({ shutdown } = await start({ logger, signal: starting.signal, fail }));
  } catch (error) {
    if (starting.signal.aborted) process.exit(0);
    // One line that a person can act on; the stack only when it is not the configuration or the neighbours.
    const expected = error instanceof Error && (error.name === "ConfigError" || error.name === "AppError");
    logger.fatal(expected ? {} : { error }, `${name} cannot start: ${messageOf(error)}`);
    process.exit(1);
  }
  const { reason, exitCode } = await ending.promise;
  logger.info(`${name} is shutting down (${reason})`);
  const clean = await runPhases(shutdown, logger);
  logger.info(`${name} has stopped`);
  process.exit(clean ? exitCode : 1);
}

/** Runs the phases in order, each within its deadline. Returns whether all of them ended well. */
export async function runPhases(phases: readonly ShutdownPhase[], logger: Logger): Promise<boolean> {
  let clean = true;
  for (const { name, deadlineMs, run } of phases) {
    const begun = monotonicMs();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error(`not done within ${deadlineMs} ms`)), deadlineMs);
    const overrun = new Promise<never>((_, reject) => {
      late.signal.addEventListener("abort", () => reject(late.signal.reason as Error), { once: true });
    });
    try {
      await Promise.race([overrun, Promise.resolve().then(() => run(late.signal))]);
      logger.debug({ ms: Math.round(monotonicMs() - begun) }, `shutting down: ${name} done`);
    } catch (error) {
      clean = false;
      logger.warn({ error }, `shutting down: ${name} failed (${messageOf(error)})`);
    } finally {
      clearTimeout(timer);
    }
  }
  return clean;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
