import { styleText } from "node:util";

/** A line of a service on its way to the terminal. */
export type LogStyle = {
  /** `json` passes the line through untouched: under NODE_ENV=production something collects it. */
  form: "readable" | "json";
  color: boolean;
};

const NAME_WIDTH = 10;
const COLORS = ["cyan", "green", "magenta", "blue", "yellow"] as const;
/** What pino adds to each line by itself, or what the name column already says. */
const NOT_SHOWN = new Set(["level", "time", "pid", "hostname", "msg", "service", "v", "name", "err", "error"]);
/** Levels as pino numbers them, and as words. */
const BAD = new Set(["50", "60", "error", "fatal"]);
const WARNING = new Set(["40", "warn"]);

/** One line for people: `api        │ 12:03:44 Listening  port=3001`. What is not pino's JSON is shown as it came. */
export function formatLogLine(service: string, line: string, { form, color }: LogStyle): string {
  if (form === "json") return line;
  const paint = color ? styleText : (_style: unknown, text: string) => text;
  const name = paint(COLORS[hash(service) % COLORS.length] ?? "cyan", service.padEnd(NAME_WIDTH));
  return `${name} ${paint("dim", "│")} ${readable(line, paint)}`;
}

type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

function readable(line: string, paint: Paint): string {
  const record = tryParse(line);
  if (!record) return line;
  const time = record["time"];
  const at = typeof time === "number" || typeof time === "string" ? new Date(time).toTimeString().slice(0, 8) : "";
  const level = String(record["level"]);
  const mark = BAD.has(level) ? `${paint("red", "✖")} ` : WARNING.has(level) ? `${paint("yellow", "⚠")} ` : "";
  const bindings = Object.entries(record)
    .filter(([key, value]) => !NOT_SHOWN.has(key) && value !== null && value !== undefined)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const error = record["error"] ?? record["err"];
  if (typeof error === "object" && error !== null && "message" in error)
    bindings.push(`error=${String(error.message)}`);
  const details = bindings.length > 0 ? `  ${paint("dim", bindings.join(" "))}` : "";
  return `${paint("dim", at)} ${mark}${typeof record["msg"] === "string" ? record["msg"] : ""}${details}`;
}

function tryParse(line: string): Record<string, unknown> | null {
  if (!line.startsWith("{")) return null;
  try {
    const value = JSON.parse(line) as Record<string, unknown>;
    return "level" in value ? value : null;
  } catch {
    return null;
  }
}

/** The same service has the same color in every run. */
function hash(text: string): number {
  let sum = 0;
  for (const character of text) sum = (sum * 31 + character.charCodeAt(0)) % 65_521;
  return sum;
}
