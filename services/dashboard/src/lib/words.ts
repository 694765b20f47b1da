import type { Campaign } from "@flotilla/shared/contract/http-campaigns";
import type { LeaseEnd } from "@flotilla/shared/contract/http-timeline";
import type { WorkerState } from "@flotilla/shared/contract/http-fleet";
import type { CampaignStatus, MessageStatus, SessionStatus } from "@flotilla/shared/contract/statuses";

/** How a status feels; each tone has a colour and, with it, always a shape and a word. */
export type Tone = "good" | "busy" | "attention" | "bad" | "quiet";

export interface StatusWords {
  label: string;
  tone: Tone;
  /** One sentence: what is true now, and what helps if something does. */
  sentence: string;
}

export const sessionWords: Readonly<Record<SessionStatus, StatusWords>> = {
  stopped: { label: "Stopped", tone: "quiet", sentence: "Not meant to run. Start it to connect." },
  starting: { label: "Starting", tone: "busy", sentence: "Waiting for a worker to take it." },
  awaiting_scan: {
    label: "Scan to link",
    tone: "attention",
    sentence: "A QR code is offered. Scan it with the phone.",
  },
  awaiting_code: {
    label: "Enter code",
    tone: "attention",
    sentence: "A pairing code is offered. Enter it on the phone.",
  },
  connecting: { label: "Connecting", tone: "busy", sentence: "The connection to WhatsApp is opening." },
  syncing: { label: "Syncing", tone: "busy", sentence: "Logged in; messages that waited are arriving." },
  connected: { label: "Connected", tone: "good", sentence: "WhatsApp answered a round trip lately." },
  degraded: { label: "Degraded", tone: "attention", sentence: "Connected, but the last check was missed." },
  reconnecting: { label: "Reconnecting", tone: "busy", sentence: "The link was lost and is being dialled again." },
  conflict: {
    label: "Conflict",
    tone: "bad",
    sentence: "Another client took this account over. Restart to take it back.",
  },
  logged_out: { label: "Logged out", tone: "quiet", sentence: "The link was removed. Start to pair again." },
  restricted: { label: "Restricted", tone: "bad", sentence: "WhatsApp restricts this account for a while." },
  banned: { label: "Banned", tone: "bad", sentence: "WhatsApp refuses this account. Look at WhatsApp on the phone." },
  failed: { label: "Failed", tone: "bad", sentence: "It cannot go on by itself. Start it to try again." },
};

export const messageWords: Readonly<Record<MessageStatus, { label: string; tone: Tone }>> = {
  scheduled: { label: "Scheduled", tone: "quiet" },
  held: { label: "Held", tone: "attention" },
  queued: { label: "Queued", tone: "quiet" },
  sending: { label: "Sending", tone: "busy" },
  unknown: { label: "Unknown", tone: "attention" },
  sent: { label: "Sent", tone: "good" },
  delivered: { label: "Delivered", tone: "good" },
  read: { label: "Read", tone: "good" },
  played: { label: "Played", tone: "good" },
  failed: { label: "Failed", tone: "bad" },
  canceled: { label: "Canceled", tone: "quiet" },
  expired: { label: "Expired", tone: "quiet" },
};

export const campaignWords: Readonly<Record<CampaignStatus, { label: string; tone: Tone }>> = {
  draft: { label: "Draft", tone: "quiet" },
  ready: { label: "Ready", tone: "attention" },
  running: { label: "Running", tone: "busy" },
  paused: { label: "Paused", tone: "attention" },
  completed: { label: "Completed", tone: "good" },
  canceled: { label: "Canceled", tone: "quiet" },
};

export const workerWords: Readonly<Record<WorkerState, StatusWords>> = {
  joining: { label: "Joining", tone: "busy", sentence: "Has just come and is given shards in a moment." },
  ready: { label: "Ready", tone: "good", sentence: "Takes its share of the shards." },
  draining: { label: "Draining", tone: "attention", sentence: "Hands its shards over, one after another." },
  gone: { label: "Gone", tone: "quiet", sentence: "Sends no heartbeat any more; its shards go to the others." },
};

/** How a worker stopped holding a shard, to follow its name. */
export const leaseEndWords: Readonly<Record<LeaseEnd, string>> = {
  drained: "was drained",
  left: "was stopped",
  rebalanced: "gave up shards by plan",
  expired: "sent no heartbeat",
};

/** The parts of a campaign's bar in the order they are stacked: the furthest first. `names` are places of the totals. */
export const progressParts = [
  { key: "read", label: "Read", names: ["read", "played"] },
  { key: "delivered", label: "Delivered", names: ["delivered"] },
  { key: "sent", label: "Sent", names: ["sent"] },
  { key: "leaving", label: "Sending", names: ["sending", "unknown"] },
  { key: "waiting", label: "Waiting", names: ["planned", "scheduled", "queued"] },
  { key: "held", label: "Held", names: ["held"] },
  { key: "failed", label: "Failed", names: ["failed"] },
  { key: "ended", label: "Canceled or expired", names: ["canceled", "expired"] },
] as const satisfies readonly { key: string; label: string; names: readonly (keyof Campaign["totals"])[] }[];

export interface ProgressPart {
  key: (typeof progressParts)[number]["key"];
  label: string;
  count: number;
}

/** Parts that are not empty, and how many of the accepted recipients have left or ended. */
export function progressOf(totals: Campaign["totals"], accepted: number): { parts: ProgressPart[]; done: number } {
  const parts = progressParts.map(({ key, label, names }) => ({
    key,
    label,
    count: names.reduce((sum, name) => sum + totals[name], 0),
  }));
  const open = parts.filter(({ key }) => key === "waiting" || key === "held" || key === "leaving");
  const done = accepted - open.reduce((sum, { count }) => sum + count, 0);
  return { parts: parts.filter(({ count }) => count > 0), done: Math.max(0, done) };
}
