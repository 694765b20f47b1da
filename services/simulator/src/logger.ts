import pino, { type Logger } from "pino";

const LEVEL: Record<number, string> = { 10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal" };

/** A logger to standard output: JSON, or one readable line each. */
export function createLogger(level: string, format: "json" | "lines"): Logger {
  if (format === "json") return pino({ level, name: "simulator" });
  return pino({ level, base: null }, { write: (json: string) => process.stdout.write(`${readable(json)}\n`) });
}

function readable(json: string): string {
  const { time, level, msg, err, ...rest } = JSON.parse(json) as {
    time: number;
    level: number;
    msg?: string;
    err?: { stack?: string };
  };
  const clock = new Date(time).toTimeString().slice(0, 8);
  const bindings = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return [clock, LEVEL[level] ?? level, "simulator", msg, ...bindings, err?.stack].filter(Boolean).join(" ");
}
