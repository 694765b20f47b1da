import { AppError, type FieldError } from "@flotilla/shared/contract/problem";
import type { z } from "zod";
import { fieldErrorsOf, invalid } from "../domain/field-errors.ts";
import { inspectJson, isStorable } from "../domain/inspect-json.ts";

/** Parses a JSON body. Throws one AppError that lists every bad field by its JSON pointer. */
export function parseBody<Body>(schema: z.ZodType<Body>, value: unknown): Body {
  refuseHostileJson(value);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(fieldErrorsOf(parsed.error));
}

/** Throws for nesting beyond 20 levels and for keys and texts that nothing behind us can take. */
export function refuseHostileJson(value: unknown): void {
  const { tooDeep, errors } = inspectJson(value);
  if (tooDeep) throw new AppError("malformed_json", "The body is nested more than 20 levels deep");
  if (errors.length > 0) throw invalid(errors);
}

/** Parses the query of a URL. A parameter may stand there once; one that the schema does not know is refused. */
export function parseQuery<Query>(schema: z.ZodType<Query> | null, url: string): Query {
  const given: Record<string, string> = Object.create(null) as Record<string, string>;
  const errors: FieldError[] = [];
  for (const [name, value] of new URLSearchParams(url.split("?").slice(1).join("?"))) {
    const pointer = `?${name.toWellFormed().slice(0, 128)}`;
    if (schema === null) errors.push({ pointer, code: "unknown_field", message: "This path takes no parameters" });
    else if (!isStorable(value) || !isStorable(name))
      errors.push({ pointer, code: "invalid_text", message: "Text must not hold NUL characters" });
    else if (name in given) errors.push({ pointer, code: "repeated", message: "Give this parameter once" });
    else given[name] = value;
  }
  if (errors.length > 0) throw invalid(errors);
  if (schema === null) return undefined as Query;
  const parsed = schema.safeParse({ ...given });
  if (parsed.success) return parsed.data;
  throw invalid(fieldErrorsOf(parsed.error).map((error) => ({ ...error, pointer: `?${error.pointer.slice(1)}` })));
}
