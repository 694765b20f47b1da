/** A contact that reads but does not answer by itself; the tester does. Digits only. */
export const defaultContact = "5511955550142";

/**
 * A number for the phone that scans a session's code, always the same for the same session so that it can be scanned
 * again. It exists on the simulated network only.
 */
export function accountNumberOf(sessionId: string): string {
  const tail = Number.parseInt(sessionId.replaceAll("-", "").slice(-8), 16) % 10_000_000;
  return `55119${String(tail).padStart(8, "4")}`;
}

/** Digits of what was typed, or null when they cannot be a number (7 to 15 digits). */
export function tryParseNumber(typed: string): string | null {
  const digits = typed.replaceAll(/\D/g, "");
  return digits.length >= 7 && digits.length <= 15 ? digits : null;
}
