import type { Check, Finding } from "./finding.ts";

/** Every session ends connected, on the device it was linked with, and no queue gave up a job. */
export function checkSessions(): Check {
  const devices = new Map<string, number>();
  const found: Finding[] = [];
  return {
    take(event) {
      if (event.kind === "session") devices.set(event.session, event.device);
      if (event.kind === "log" && event.what === "paired-anew")
        found.push({ kind: "repaired", detail: `${event.worker} showed a code although every session was linked` });
      if (event.kind === "log" && event.what === "job-given-up")
        found.push({ kind: "job_given_up", detail: `${event.worker} saw a job fail because its workers had died` });
      if (event.kind !== "session-end") return;
      if (event.status !== "connected")
        found.push({ kind: "not_connected", detail: `session ${event.session} (${event.phone}) is ${event.status}` });
      const linked = devices.get(event.session);
      if (linked !== undefined && (event.devices.length !== 1 || event.devices[0] !== linked))
        found.push({
          kind: "repaired",
          detail: `${event.phone} had device ${linked} and has ${event.devices.join(", ") || "none"}`,
        });
    },
    findings: () => found,
  };
}
