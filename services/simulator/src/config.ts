import { parseArgs } from "node:util";
import { z } from "zod";

const flag = z.enum(["true", "false", "1", "0", ""]).transform((text) => text === "true" || text === "1");

const schema = z.object({
  host: z.string().min(1).default("127.0.0.1"),
  port: z.coerce.number().int().min(0).max(65_535).default(3010),
  tls: flag.default(false),
  /** PEM files; without them a self-signed certificate is made. */
  tlsCert: z.string().optional(),
  tlsKey: z.string().optional(),
  /** Where accounts and keys outlive the process; without it everything is in memory. */
  dataDir: z.string().min(1).optional(),
  seed: z.coerce.number().int().min(0).optional(),
  addressing: z.enum(["lid", "pn"]).default("lid"),
  ledgerRows: z.coerce.number().int().min(1).default(500_000),
  chatLines: z.coerce.number().int().min(1).default(100_000),
  /** Host of media addresses; without it the one by which each client came. */
  mediaHost: z.string().min(1).optional(),
  mediaMebibytes: z.coerce.number().int().min(1).default(256),
  recordedStanzas: z.coerce.number().int().min(0).max(100_000).default(100),
  /** A scenario that starts with the network: a file, or the name of a shipped one. */
  scenario: z.string().min(1).optional(),
  logLevel: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  logFormat: z.enum(["json", "lines"]).default("lines"),
});

/** Settings of one simulator process. */
export type SimulatorConfig = Readonly<z.infer<typeof schema>>;

/** The command line or the environment asks for something impossible; the message names every mistake. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/** Options as flag, environment variable and field. */
const OPTIONS = [
  ["host", "HOST", "host"],
  ["port", "PORT", "port"],
  ["tls-cert", "SIMULATOR_TLS_CERT", "tlsCert"],
  ["tls-key", "SIMULATOR_TLS_KEY", "tlsKey"],
  ["data-dir", "SIMULATOR_DATA_DIR", "dataDir"],
  ["seed", "SIMULATOR_SEED", "seed"],
  ["addressing", "SIMULATOR_ADDRESSING", "addressing"],
  ["ledger-rows", "SIMULATOR_LEDGER_ROWS", "ledgerRows"],
  ["chat-lines", "SIMULATOR_CHAT_LINES", "chatLines"],
  ["media-host", "SIMULATOR_MEDIA_HOST", "mediaHost"],
  ["media-mebibytes", "SIMULATOR_MEDIA_MEBIBYTES", "mediaMebibytes"],
  ["recorded-stanzas", "SIMULATOR_RECORDED_STANZAS", "recordedStanzas"],
  ["scenario", "SIMULATOR_SCENARIO", "scenario"],
  ["log-level", "LOG_LEVEL", "logLevel"],
  ["log-format", "LOG_FORMAT", "logFormat"],
] as const;

/** Flags first, then the environment, then defaults. Throws ConfigError. */
export function loadConfig(argv: readonly string[] = process.argv.slice(2), env = process.env): SimulatorConfig {
  const flags = readFlags(argv);
  const input: Record<string, unknown> = {
    tls: flags["no-tls"] === true ? "false" : flags["tls"] === true ? "true" : env["SIMULATOR_TLS"],
  };
  for (const [name, variable, field] of OPTIONS) input[field] = flags[name] ?? env[variable];
  input["logFormat"] ??= env["NODE_ENV"] === "production" ? "json" : undefined;
  const parsed = schema.safeParse(input);
  if (parsed.success) return Object.freeze(parsed.data);
  const mistakes = parsed.error.issues.map((issue) => {
    const option = OPTIONS.find(([, , field]) => field === issue.path[0]);
    return `${option ? `--${option[0]} (${option[1]})` : issue.path.join(".")}: ${issue.message}`;
  });
  throw new ConfigError(mistakes.join("\n"));
}

function readFlags(argv: readonly string[]): Record<string, string | boolean | undefined> {
  const options: Record<string, { type: "string" | "boolean" }> = {
    tls: { type: "boolean" },
    "no-tls": { type: "boolean" },
  };
  for (const [name] of OPTIONS) options[name] = { type: "string" };
  try {
    return parseArgs({ args: [...argv], options, strict: true }).values;
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Defaults, for tests and for embedding; overridden field by field. */
export function configWith(overrides: Partial<SimulatorConfig>): SimulatorConfig {
  return Object.freeze({ ...loadConfig([], {}), ...overrides });
}

/** Like `loadConfig`; on a mistake says so on standard error and ends the process with status 1. */
export function loadConfigOrExit(): SimulatorConfig {
  try {
    return loadConfig();
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    }
    throw error;
  }
}
