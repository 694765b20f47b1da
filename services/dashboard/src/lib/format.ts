import { formatPhone } from "./format-phone.ts";

/** Words for numbers, times and people. Pure: the present moment and the language are arguments. */

const number = new Intl.NumberFormat();
const clock = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

export function formatCount(value: number): string {
  return number.format(value);
}

/** 1,234 stays as it is, 12,345 becomes 12.3K: for places where width is short. */
export function formatShortCount(value: number): string {
  return value < 10_000 ? number.format(value) : compact.format(value);
}

/** Share of a whole as a percentage without fraction; 0 of 0 is 0 %. Only the whole itself is 100 %. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0) return "0 %";
  const percent = Math.round((part / whole) * 100);
  return `${part < whole ? Math.min(percent, 99) : 100} %`;
}

/** `0:09`, `12:34`, `1:02:03`. Never negative. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const pad = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** "just now", "4 min ago", then hours and days; a moment to come reads as "just now" (clocks differ a little). */
export function formatAgo(moment: string, nowMs: number): string {
  const seconds = Math.round((nowMs - Date.parse(moment)) / 1000);
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  const days = Math.round(seconds / 86_400);
  return days === 1 ? "yesterday" : `${days} days ago`;
}

/** The hour today, the date before. */
export function formatMoment(moment: string, nowMs: number): string {
  const date = new Date(moment);
  const sameDay = date.toDateString() === new Date(nowMs).toDateString();
  return new Intl.DateTimeFormat(
    undefined,
    sameDay ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short" },
  ).format(date);
}

/** `24 Nov, 14:03:07.123` in the reader's zone: for steps that are milliseconds apart. */
export function formatClock(moment: string): string {
  return clock.format(new Date(moment));
}

/** 138 MB: decimal, without a fraction. */
export function formatMegabytes(bytes: number): string {
  return `${number.format(Math.round(bytes / 1e6))} MB`;
}

/** For titles: the exact moment in UTC. */
export function formatUtc(moment: string): string {
  return `${new Date(moment).toISOString().replace("T", " ").slice(0, 19)} UTC`;
}

/** `connection_lost` → `connection lost`: a reason code as words. */
export function formatReason(code: string): string {
  return code.replaceAll("_", " ");
}

/** How people call somebody: the name we know, else the number, else the address. */
export function partyName(party: { display_name: string | null; phone: string | null; jid: string }): string {
  return party.display_name ?? (party.phone === null ? party.jid : formatPhone(party.phone));
}
