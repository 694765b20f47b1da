import type { PostgresType } from "postgres";

const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;
const JSON_TYPE = 114;
const JSONB_TYPE = 3802;

/**
 * Corrections to how the driver of `@supabase/lite` writes and reads values, so that they look as from PostgREST.
 * Objects go out as JSON once (the library has already made them text, and its own serialiser did so again), and times
 * come back in ISO form.
 */
export const supabaseTypes: Record<string, PostgresType> = {
  json: { to: JSON_TYPE, from: [JSON_TYPE], serialize: toJsonOnce, parse: (text: string) => JSON.parse(text) },
  jsonb: { to: JSONB_TYPE, from: [JSONB_TYPE], serialize: toJsonOnce, parse: (text: string) => JSON.parse(text) },
  timestamp: { to: TIMESTAMP, from: [TIMESTAMP], serialize: (value: string) => value, parse: toIsoTime },
  timestamptz: { to: TIMESTAMPTZ, from: [TIMESTAMPTZ], serialize: (value: string) => value, parse: toIsoTime },
};

/** JSON text of a value; a string that is JSON text already stays as it is. */
export function toJsonOnce(value: unknown): string {
  if (typeof value === "string") {
    try {
      JSON.parse(value);
      return value;
    } catch {
      // Plain text: it becomes a JSON string below.
    }
  }
  return JSON.stringify(value);
}

/** `2026-11-24 03:26:08.5+00` becomes `2026-11-24T03:26:08.5+00:00`; `infinity` and dates before Christ stay. */
export function toIsoTime(text: string): string {
  const match = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:([+-]\d\d)(?::?(\d\d))?)?$/.exec(text);
  if (!match) return text;
  const zone = match[3] === undefined ? "" : `${match[3]}:${match[4] ?? "00"}`;
  return `${match[1]}T${match[2]}${zone}`;
}
