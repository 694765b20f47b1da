import type { z } from "zod";

/** Names whose values are never repeated in a message, because they hold a secret or may. */
const secretName = /SECRET|KEY|PASSWORD|TOKEN|URL/;

/** The environment cannot be used. The message has one line for each bad variable, each saying what to do. */
export class ConfigError extends Error {
  readonly variables: readonly string[];

  constructor(mistakes: ReadonlyMap<string, string>) {
    const lines = [...mistakes].map(([name, advice]) => `${name} ${advice}`);
    super(lines.length === 1 ? lines[0] : `${lines.length} settings are wrong:\n  ${lines.join("\n  ")}`);
    this.name = "ConfigError";
    this.variables = [...mistakes.keys()];
  }
}

/**
 * Parses the environment by a schema whose keys are variable names; a field's `.describe()` is the advice given when it
 * is missing or wrong. An empty variable counts as absent, which is how compose files leave one out.
 * Returns a frozen value. Throws one ConfigError that names every bad variable.
 */
export function loadConfig<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<z.output<Schema>> {
  const given = Object.fromEntries(
    Object.keys(schema.shape)
      .map((name) => [name, environment[name]?.trim()] as const)
      .filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return Object.freeze(parsed.data);
  const mistakes = new Map<string, string>();
  for (const issue of parsed.error.issues) {
    const name = String(issue.path[0] ?? "environment");
    const description = (schema.shape[name] as z.ZodType | undefined)?.description;
    const value = given[name];
    const found =
      value === undefined
        ? "is not set"
        : secretName.test(name)
          ? `is not usable (${issue.message})`
          : `is "${value.slice(0, 60)}" (${issue.message})`;
    if (!mistakes.has(name)) mistakes.set(name, description === undefined ? found : `${found}: ${description}`);
  }
  throw new ConfigError(mistakes);
}
