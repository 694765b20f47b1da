import { AppError, type FieldError } from "@flotilla/shared/contract/problem";
import type { z } from "zod";
import { escapePointer } from "./inspect-json.ts";

/** What zod found, as pointers, codes and sentences; an unknown field is an error of its own. */
export function fieldErrorsOf(error: z.ZodError, root = ""): FieldError[] {
  return error.issues.flatMap((issue): FieldError[] => {
    const pointer = root + issue.path.map((step) => `/${escapePointer(String(step))}`).join("");
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({
        pointer: `${pointer}/${escapePointer(key)}`,
        code: "unknown_field",
        message: "There is no such field",
      }));
    return [{ pointer, code: codeOf(issue), message: issue.message }];
  });
}

function codeOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type" && issue.input === undefined && /undefined/.test(issue.message)) return "required";
  if (issue.code === "too_big" && issue.origin === "array") return "too_many_items";
  return issue.code === "custom" ? "invalid_value" : issue.code;
}

/** The refusal of a request with bad fields: named after what they have in common. */
export function invalid(errors: FieldError[]): AppError {
  const all = (code: string) => errors.every((error) => error.code === code);
  const code = all("unknown_field")
    ? "unknown_field"
    : errors.some((error) => error.code === "too_many_items")
      ? "too_many_items"
      : all("unsupported_content")
        ? "unsupported_content"
        : "validation_failed";
  const first = errors[0]!;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return new AppError(code, `${first.pointer || "The body"}: ${first.message}${more}`, {
    errors: errors.slice(0, 100),
  });
}
