import { QrCode, Session } from "@flotilla/shared/contract/http-sessions";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

import { type ApiClient, ApiRefusal } from "./api-client.ts";

/** From asking for a session until it is connected; a worker that is killed meanwhile costs about ten seconds of it. */
const PAIRING_DEADLINE_MS = 90_000;
const QR_WAIT_SECONDS = 20;
const LOOK_EVERY_MS = 150;

/** Phone number of the n-th demo session (from 1). */
const demoPhone = (index: number) => `1555010${String(index).padStart(4, "0")}`;

/**
 * Brings `demo-1` to `demo-<count>` to `connected`: made when missing, and paired by a simulated phone that scans the
 * QR code when asked for one. Sessions of an earlier demo connect without.
 *
 * @throws naming the session that did not connect, and the status it was left in
 */
export async function connectDemoSessions(api: ApiClient, simulatorUrl: string, count: number): Promise<Session[]> {
  const indexes = Array.from({ length: count }, (_, index) => index + 1);
  return await Promise.all(indexes.map((index) => connectOne(api, simulatorUrl, index)));
}

async function connectOne(api: ApiClient, simulatorUrl: string, index: number): Promise<Session> {
  const name = `demo-${index}`;
  let session = await findOrCreate(api, name, index);
  const deadline = performance.now() + PAIRING_DEADLINE_MS;
  while (session.status !== "connected") {
    if (performance.now() > deadline) {
      const reason = session.status_reason ? `, ${session.status_reason}` : "";
      throw new Error(
        `session ${name} is not connected after ${PAIRING_DEADLINE_MS / 1000} s (${session.status}${reason})`,
      );
    }
    const code = await nextCode(api, session);
    if (code) await scan(simulatorUrl, demoPhone(index), code);
    else await sleep(LOOK_EVERY_MS);
    session = await api.call(`/v1/sessions/${session.id}`, { schema: Session });
  }
  return session;
}

async function findOrCreate(api: ApiClient, name: string, index: number): Promise<Session> {
  const found = await ifFound(() => api.call(`/v1/sessions/${name}`, { schema: Session }));
  if (!found) {
    const body = { name, display_name: `Demo ${index}`, start: true };
    return await api.call("/v1/sessions", { method: "POST", body, schema: Session });
  }
  const ended = found.desired === "stopped" || found.status === "logged_out" || found.status === "failed";
  if (!ended) return found;
  return await api.call(`/v1/sessions/${found.id}/start`, { method: "POST", schema: Session });
}

/** The code to scan, or null: none yet, or the session is past pairing already. */
async function nextCode(api: ApiClient, session: Session): Promise<string | null> {
  if (session.status !== "awaiting_scan" && session.status !== "starting") return null;
  try {
    const path = `/v1/sessions/${session.id}/qr?wait=${QR_WAIT_SECONDS}`;
    return (await api.tryCall(path, { schema: QrCode }))?.qr ?? null;
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 409) return null;
    throw error;
  }
}

const problemSchema = z.object({ code: z.string(), detail: z.string().optional() });

/** A code that ran out between showing and scanning is no failure: the session shows another. */
async function scan(simulatorUrl: string, phone: string, qr: string): Promise<void> {
  const response = await fetch(`${simulatorUrl}/sim/v1/phones/${phone}/scan-qr`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ qr }),
  });
  if (response.ok) {
    await response.body?.cancel();
    return;
  }
  const problem = problemSchema.safeParse(await response.json().catch(() => null));
  const passing = ["qr_expired", "qr_timeout", "qr_refused_by_client", "qr_key_mismatch"];
  if (problem.success && passing.includes(problem.data.code)) return;
  throw new Error(`the phone ${phone} cannot scan: ${problem.data?.detail ?? `status ${response.status}`}`);
}

async function ifFound<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) return null;
    throw error;
  }
}
