import type { Check } from "./finding.ts";

/** Every message a person wrote to a session must be stored, once. */
export function checkInbound(): Check & { counts(): { wrote: number; stored: number } } {
  const wrote = new Map<string, string>();
  const stored = new Map<string, string[]>();
  return {
    take(event) {
      if (event.kind === "wrote") wrote.set(`${event.from} ${event.wa}`, `${event.wa} ${event.from} → ${event.to}`);
      if (event.kind !== "stored") return;
      const key = `${event.phone} ${event.wa}`;
      stored.set(key, [...(stored.get(key) ?? []), event.id]);
    },
    *findings() {
      for (const [key, detail] of wrote) if (!stored.has(key)) yield { kind: "inbound_lost", detail };
      for (const [key, ids] of stored)
        for (const id of ids.slice(1)) yield { kind: "inbound_double", detail: `${key}: ${ids[0]} and ${id}` };
    },
    counts: () => ({ wrote: wrote.size, stored: [...stored.values()].reduce((sum, ids) => sum + ids.length, 0) }),
  };
}
