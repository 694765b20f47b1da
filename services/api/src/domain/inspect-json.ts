import type { FieldError } from "@flotilla/shared/contract/problem";

const deepestJson = 20;
const forbiddenKeys = new Set(["__proto__", "constructor", "prototype"]);

export interface Inspection {
  tooDeep: boolean;
  errors: FieldError[];
}

/**
 * Looks through a parsed value for what no schema would see and Postgres or a careless merge would choke on: keys of
 * prototypes, NUL characters, halves of surrogate pairs, nesting beyond 20. Walks without recursion; at most 100 errors.
 */
export function inspectJson(value: unknown, root = ""): Inspection {
  const errors: FieldError[] = [];
  const waiting: { value: unknown; pointer: string; depth: number }[] = [{ value, pointer: root, depth: 0 }];
  for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
    if (errors.length >= 100) break;
    if (typeof item.value === "string" && !isStorable(item.value)) errors.push(unstorable(item.pointer));
    if (item.value === null || typeof item.value !== "object") continue;
    if (item.depth >= deepestJson) return { tooDeep: true, errors };
    const entries = Object.entries(item.value).toReversed();
    for (const [key, inner] of entries) {
      const pointer = `${item.pointer}/${escapePointer(key)}`;
      if (!Array.isArray(item.value) && forbiddenKeys.has(key))
        errors.push({ pointer, code: "forbidden_key", message: "This name may not be used" });
      else if (!isStorable(key)) errors.push(unstorable(pointer));
      else waiting.push({ value: inner, pointer, depth: item.depth + 1 });
    }
  }
  return { tooDeep: false, errors };
}

/** Whether Postgres can keep a text: no NUL, no lone half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

/** One step of a JSON pointer (RFC 6901). */
export function escapePointer(key: string): string {
  return key.toWellFormed().replaceAll("~", "~0").replaceAll("/", "~1").slice(0, 128);
}

const unstorable = (pointer: string): FieldError => ({
  pointer,
  code: "invalid_text",
  message: "Text must be valid Unicode without NUL characters",
});
