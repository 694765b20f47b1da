import { AppError } from "@flotilla/shared/contract/problem";
import { variablesOf } from "@flotilla/shared/domain/template";
import type { RecipientError, RecipientRow } from "../ports.ts";
import type { Candidate } from "./candidate.ts";

/** How many lines are read before anything is stored. */
export const beginningLines = 1_000;

/**
 * Looks at the first lines of a list. Throws `wrong_format` when there are none or more than half of them cannot be used,
 * `unknown_variable` when no line at all has a value for a variable of the text. The first refused lines come with it.
 */
export function judgeBeginning(
  candidates: readonly Candidate[],
  checked: readonly (RecipientRow | RecipientError)[],
  text: string,
): void {
  if (candidates.length === 0) throw new AppError("wrong_format", "There are no recipients in it");
  const errors = checked.filter((line) => "code" in line);
  if (errors.length * 2 <= checked.length) return;
  const readable = candidates.filter((candidate) => "vars" in candidate);
  const unknown = variablesOf(text).filter((name) => !readable.some(({ vars }) => Object.hasOwn(vars, name)));
  if (readable.length > 0 && unknown.length > 0)
    throw new AppError("unknown_variable", `No recipient has a value for {{${unknown.join("}}, {{")}}}`);
  throw new AppError(
    "wrong_format",
    `${errors.length} of the first ${checked.length} lines cannot be used: is this the right file?`,
    {
      errors: errors.slice(0, 20).map(({ line, code, message }) => ({ pointer: `/line/${line}`, code, message })),
    },
  );
}
