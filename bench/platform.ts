import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@supabase/supabase-js";
import { openPlatform } from "../services/standalone/src/launcher/platform.ts";

/** The whole platform with one worker in a folder of its own, and what a benchmark does with it. */
export type BenchPlatform = Awaited<ReturnType<typeof openBenchPlatform>>;

export async function openBenchPlatform(environment: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "flotilla-bench-"));
  chmodSync(folder, 0o755);
  const platform = await openPlatform({
    dataFolder: join(folder, "data"),
    workers: 1,
    network: "simulated",
    watch: false,
    environment: { ...process.env, LOG_LEVEL: "warn", ...environment },
    onLine: (service, line) => console.error(`${service}: ${line}`),
    say: () => undefined,
    signal: new AbortController().signal,
    onKillable: () => undefined,
  });
  const { addresses } = platform;
  const simulator = addresses.simulator!;
  const member = createClient(addresses.supabaseUrl, addresses.publishableKey, { auth: { persistSession: false } });
  const { data, error } = await member.auth.signUp({ email: "bench@flotilla.example", password: "bench-password-1" });
  if (error) throw error;
  const token = data.session!.access_token;
  const service = createClient(addresses.supabaseUrl, addresses.secretKey, { auth: { persistSession: false } });
  const sessions: string[] = [];
  let campaigns = 0;

  const api = async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
    const response = await fetch(`${addresses.apiUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  };

  return {
    network: { whatsappUrl: simulator.whatsappUrl, rootKey: simulator.rootKey, simulatorUrl: simulator.url },
    workerPid: () => platform.services().find((running) => running.name.startsWith("worker"))!.pid,

    /** Links that are logged in at the simulated network. */
    async openLinks(): Promise<number> {
      const { links } = await fetch(`${simulator.url}/sim/v1/links`).then(
        (answer) => answer.json() as Promise<{ links: unknown[] }>,
      );
      return links.length;
    },

    /** Every link ends as when a server goes down: without a word. */
    async cutAllLinks(): Promise<void> {
      const cut = await fetch(`${simulator.url}/sim/v1/links/end`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ kind: "close" }),
      });
      if (!cut.ok) throw new Error(`cut: ${cut.status} ${await cut.text()}`);
    },

    /** Creates sessions and scans their codes; resolves when all are connected. */
    async pairSessions(count: number, firstPhone: number): Promise<void> {
      for (let index = 0; index < count; index++) {
        const { id } = await api<{ id: string }>("POST", "/v1/sessions", { name: `bench-${sessions.length}` });
        const { qr } = await api<{ qr: string }>("GET", `/v1/sessions/${id}/qr?wait=20`);
        const scan = await fetch(`${simulator.url}/sim/v1/phones/${firstPhone + index}/scan-qr`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ qr }),
        });
        if (!scan.ok) throw new Error(`scan: ${scan.status} ${await scan.text()}`);
        sessions.push(id);
      }
      await until("all sessions connected", async () => {
        const { count: connected } = await service
          .from("whatsapp_sessions")
          .select("id", { count: "exact", head: true })
          .eq("status", "connected");
        return connected === sessions.length;
      });
    },

    /** Sends one message to each number and resolves at the last server ack: seconds from the start of the campaign. */
    async runCampaign(phones: string[], senders = sessions.length): Promise<{ sent: number; seconds: number }> {
      const campaign = await api<{ id: string }>("POST", "/v1/campaigns", {
        name: `bench ${campaigns++}`,
        category: "utility",
        content: { type: "text", text: { body: "benchmark message of a hundred bytes ".repeat(3).trim() } },
        sessions: sessions.slice(0, senders),
        recipients: phones.map((to) => ({ to })),
      });
      await api("POST", `/v1/campaigns/${campaign.id}/start`);
      await until("the campaign is through", async () => {
        const { status } = await api<{ status: string }>("GET", `/v1/campaigns/${campaign.id}`);
        return status === "completed";
      });
      const rows = service
        .from("whatsapp_messages")
        .select("sent_at")
        .eq("campaign_id", campaign.id)
        .not("sent_at", "is", null);
      const last = await rows.order("sent_at", { ascending: false }).limit(1).single();
      const { started_at } = await api<{ started_at: string }>("GET", `/v1/campaigns/${campaign.id}`);
      if (last.error) throw new Error(last.error.message);
      return { sent: phones.length, seconds: (Date.parse(last.data.sent_at) - Date.parse(started_at)) / 1000 };
    },

    [Symbol.asyncDispose]: async () => {
      await platform[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Looks until it is so. @throws after `timeoutMs` */
export async function until(
  what: string,
  condition: () => Promise<boolean>,
  { timeoutMs = 600_000, everyMs = 200 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
