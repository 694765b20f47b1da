/** A variable in a text: `{{name}}`, letters, digits, `_`, `.` and `-`, blanks around the name allowed. */
const variable = /\{\{\s*([\p{L}\p{N}_.-]{1,64})\s*\}\}/gu;

/** Names of the variables a text uses, each once, in order of appearance. */
export function variablesOf(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(variable), (match) => match[1]!))];
}

export type Rendered = { ok: true; text: string } | { ok: false; missing: string[] };

/** Puts the values in. A missing or blank value is an error, never a hole; values are text and are not expanded again. */
export function renderTemplate(text: string, values: Record<string, string>): Rendered {
  const has = (name: string) => Object.hasOwn(values, name) && values[name]!.trim() !== "";
  const missing = variablesOf(text).filter((name) => !has(name));
  if (missing.length > 0) return { ok: false, missing };
  return { ok: true, text: text.replace(variable, (_, name: string) => values[name]!) };
}
