import { AppError } from "@flotilla/shared/contract/problem";

const longestWaitS = 30;

/** Seconds of `Prefer: wait=N` (RFC 7240), at most 30; null when it is not asked. Other preferences are ignored. */
export function readPreferWait(header: string | undefined): number | null {
  const wait = /(?:^|,)\s*wait\s*=\s*"?([^",;\s]+)/i.exec(header ?? "")?.[1];
  if (wait === undefined) return null;
  if (!/^\d{1,9}$/.test(wait)) throw new AppError("malformed_header", "Prefer: wait takes whole seconds, 1 to 30");
  return Math.min(Number(wait), longestWaitS);
}
