/** Two signals within this time are one press of Ctrl-C. */
const SAME_PRESS_MS = 500;

/** The wish to end, as it comes from a terminal or from `npm stop`. */
export type EndSignals = {
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Resolves then. */
  readonly asked: Promise<void>;
  /** What the second signal does before the process exits with 1. */
  readonly killWith: (killAll: () => void) => void;
};

/**
 * Listens for SIGINT and SIGTERM: the first asks for an orderly end, the second kills.
 * npm passes a Ctrl-C on although the terminal has already sent it to the whole group, so a second one within a moment
 * of the first is the same press.
 */
export function endOnSignals(say: (sentence: string) => void): EndSignals {
  const asked = Promise.withResolvers<void>();
  const abort = new AbortController();
  let firstAt: number | null = null;
  let kill: () => void = () => undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (firstAt === null) {
      firstAt = performance.now();
      say(`${signal}: ending everything in order (again to kill)`);
      abort.abort(new Error("interrupted"));
      asked.resolve();
    } else if (performance.now() - firstAt > SAME_PRESS_MS) {
      kill();
      process.exit(1);
    }
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    signal: abort.signal,
    asked: asked.promise,
    killWith: (killAll) => {
      kill = killAll;
    },
  };
}
