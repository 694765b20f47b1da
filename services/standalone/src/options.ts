import { parseArgs } from "node:util";

import { defaultDataFolder } from "./embedded/folders.ts";

const commands = ["start", "dev", "demo", "stop", "reset", "migrate"] as const;
type Command = (typeof commands)[number];

/** What the command line and the environment ask for. */
export type Options = {
  command: Command;
  dataFolder: string;
  workers: number;
  /** Simulated by default; `whatsapp` connects to the real network, and no simulator is started. */
  network: "simulated" | "whatsapp";
  /** The embedded stack under NODE_ENV=production was asked for in so many words. */
  allowProduction: boolean;
  databaseUrl: string | undefined;
  demo: DemoOptions;
};

export type DemoOptions = {
  /** Made up from the seed; undefined: the file decides. */
  recipients: number | undefined;
  /** CSV; undefined: the one shipped. */
  file: string | undefined;
  sessions: number;
  /** End after the table, with 0 only when nothing was lost or doubled. */
  exit: boolean;
  jsonFile: string | undefined;
  headless: boolean;
  seed: number;
};

const flags = {
  data: { type: "string" },
  workers: { type: "string" },
  network: { type: "string" },
  "allow-production": { type: "boolean" },
  "database-url": { type: "string" },
  recipients: { type: "string" },
  file: { type: "string" },
  sessions: { type: "string" },
  exit: { type: "boolean" },
  json: { type: "string" },
  headless: { type: "boolean" },
  seed: { type: "string" },
} as const;

/**
 * Reads the command line; the environment fills in the data folder and the database URL.
 *
 * @throws with all mistakes at once, in words for the person who typed them
 */
export function parseOptions(argv: string[], environment: NodeJS.ProcessEnv): Options {
  const { values, positionals } = parseArgs({ args: argv, options: flags, allowPositionals: true, strict: true });
  const mistakes: string[] = [];
  const whole = (name: keyof typeof flags, fallback: number, least: number, most: number): number => {
    const text = values[name];
    if (text === undefined) return fallback;
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    mistakes.push(`--${name} takes a whole number from ${least} to ${most}, not "${text}"`);
    return fallback;
  };
  const command = commands.find((known) => known === positionals[0]);
  if (!command) mistakes.push(`say what to do: ${commands.join(", ")}`);
  if (positionals.length > 1) mistakes.push(`"${positionals.slice(1).join(" ")}" is not understood`);
  const network = values.network ?? "simulated";
  if (network !== "simulated" && network !== "whatsapp") mistakes.push("--network is simulated or whatsapp");
  if (values.recipients !== undefined && values.file !== undefined)
    mistakes.push("use --recipients or --file, not both");
  const options: Options = {
    command: command ?? "start",
    dataFolder: values.data ?? environment["FLOTILLA_DATA_DIR"] ?? defaultDataFolder(),
    workers: whole("workers", 2, 1, 16),
    network: network === "whatsapp" ? "whatsapp" : "simulated",
    allowProduction: values["allow-production"] ?? false,
    databaseUrl: values["database-url"] ?? environment["DATABASE_URL"],
    demo: {
      recipients: values.recipients === undefined ? undefined : whole("recipients", 1000, 1, 1_000_000),
      file: values.file,
      sessions: whole("sessions", 4, 1, 64),
      exit: values.exit ?? false,
      jsonFile: values.json,
      headless: values.headless ?? false,
      seed: whole("seed", 42, 0, 2 ** 31 - 1),
    },
  };
  if (mistakes.length > 0) throw new Error(mistakes.join("\n"));
  return options;
}
