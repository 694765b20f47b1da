import type { Campaign } from "@flotilla/shared/contract/http-campaigns";

import type { DemoOptions } from "../options.ts";
import type { PlatformAddresses } from "../launcher/service-environment.ts";
import { createApiClient, type ApiClient } from "./api-client.ts";
import { type CampaignFollower, followCampaign } from "./follow-campaign.ts";
import { phoneIsOn, readLedger } from "./ledger.ts";
import { signInDemoMember } from "./member.ts";
import { connectDemoSessions } from "./pair-sessions.ts";
import { type Progress, progressOf } from "./progress.ts";
import { openProgressView } from "./progress-view.ts";
import { type DemoResult, resultOf } from "./result.ts";
import { createDemoCampaign, readCampaignMessages, type RecipientSource, startCampaign } from "./run-campaign.ts";
import { judgeDelivery } from "./verdict.ts";

/** A campaign that does not end within this is judged as it stands. */
const CAMPAIGN_DEADLINE_MS = 60 * 60_000;
/** Receipts trail the last acknowledgement; after this long without a new one they are counted as they stand. */
const RECEIPTS_QUIET_MS = 5_000;
const RECEIPTS_DEADLINE_MS = 30_000;

export type DemoScene = {
  addresses: PlatformAddresses;
  member: { email: string; password: string };
  options: DemoOptions;
  source: RecipientSource;
  plain: boolean;
  say: (sentence: string) => void;
  /** Lets the platform's own sentences pass through the progress bar while there is one. */
  sayThrough: (say: (sentence: string) => void) => void;
  /** Ctrl-C: what has arrived so far is counted. */
  signal: AbortSignal;
};

export type DemoOutcome = { result: DemoResult; progress: Progress; counterexample: string | null };

/**
 * The demo's traffic, through the public doors only: sign in, pair sessions, send a campaign, follow it live, and count
 * what the phones show.
 */
export async function playDemo(scene: DemoScene): Promise<DemoOutcome> {
  const { addresses, options, say } = scene;
  const simulatorUrl = addresses.simulator?.url;
  if (!simulatorUrl) throw new Error("the demo needs the simulated network");
  using member = await signInDemoMember(addresses.supabaseUrl, addresses.publishableKey, scene.member);
  const api = createApiClient(addresses.apiUrl, member.token);

  let began = performance.now();
  const connecting = connectDemoSessions(api, simulatorUrl, options.sessions);
  const sessions = await unlessAborted(connecting, scene.signal);
  say(`✔ ${sessions.length} sessions connected ${since(began)}`);
  const ledgerBefore = (await readLedger(simulatorUrl, 0)).at(-1)?.sequence ?? 0;

  began = performance.now();
  const ids = sessions.map((session) => session.id);
  const creating = createDemoCampaign(api, ids, scene.source);
  const { campaign, upload } = await unlessAborted(creating, scene.signal);
  const counts = `${grouped(upload.received)} lines, ${grouped(upload.accepted)} accepted`;
  const refused = `${upload.duplicate} duplicate, ${upload.invalid} invalid`;
  say(`✔ ${nameOf(scene.source)}: ${counts}, ${refused} ${since(began)}`);
  if (upload.accepted === 0) throw new Error("no recipient was accepted: there is nothing to send");

  const view = openProgressView(upload.accepted, scene.plain);
  scene.sayThrough((sentence) => view.say(sentence));
  await using follower = await followCampaign({
    realtimeUrl: addresses.realtimeUrls[0] ?? "",
    token: member.token,
    api,
    campaign,
    onChange: ({ totals }) => view.show(progressOf(totals)),
  });
  const startedAt = performance.now();
  await startCampaign(api, campaign.id);
  await follower.until(
    ({ status }) => status === "completed" || status === "canceled",
    CAMPAIGN_DEADLINE_MS,
    scene.signal,
  );
  const elapsedMs = performance.now() - startedAt;
  await receiptsSettle(follower, scene.signal);
  view.end();
  scene.sayThrough(say);
  return await count({ api, campaign, follower, simulatorUrl, ledgerBefore, elapsedMs });
}

async function receiptsSettle(follower: CampaignFollower, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + RECEIPTS_DEADLINE_MS;
  let readBefore = -1;
  while (!signal.aborted && performance.now() < deadline) {
    const progress = progressOf(follower.view().totals);
    if (progress.read === progress.sent || progress.read === readBefore) return;
    readBefore = progress.read;
    const allRead = (view: { totals: Parameters<typeof progressOf>[0] }) => {
      const now = progressOf(view.totals);
      return now.read === now.sent;
    };
    await follower.until(allRead, RECEIPTS_QUIET_MS, signal);
  }
}

async function count(found: {
  api: ApiClient;
  campaign: Campaign;
  follower: CampaignFollower;
  simulatorUrl: string;
  ledgerBefore: number;
  elapsedMs: number;
}): Promise<DemoOutcome> {
  const progress = progressOf(found.follower.view().totals);
  const messages = await readCampaignMessages(found.api, found.campaign.id);
  const ledger = await readLedger(found.simulatorUrl, found.ledgerBefore);
  const { missing, duplicates, firstDuplicate } = judgeDelivery(messages, ledger);
  const lost = [];
  for (const message of missing) {
    if (await phoneIsOn(found.simulatorUrl, message.phone)) lost.push(message);
  }
  const result = resultOf(progress, lost.length, duplicates, found.elapsedMs);
  const example = lost[0]
    ? `lost: message ${lost[0].id} to +${lost[0].phone}, ${lost[0].status}, WhatsApp id ${lost[0].waMessageId}`
    : firstDuplicate
      ? `duplicate: +${firstDuplicate.phone} saw ${firstDuplicate.wa_message_id} again`
      : null;
  return { result, progress, counterexample: example };
}

/** Whatever comes first; the work itself goes on unheard, and ends with the platform. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function nameOf(source: RecipientSource): string {
  return source.kind === "file" ? (source.path.split("/").at(-1) ?? source.path) : "generated list";
}

function since(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
