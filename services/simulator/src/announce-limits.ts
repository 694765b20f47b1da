import type { AccountLimits } from "./limits.ts";
import type { Network } from "./network.ts";
import { node } from "./protocol/node.ts";

/** Parts of the new-chat quota at which the account is warned. Ours: WhatsApp does not say where its own are. */
const FIRST_WARNING = 0.5;
const SECOND_WARNING = 0.8;

/** The reach-out lock as Baileys rc14 reads it, both from its query and from the notification. */
export function reachOutLock(limits: AccountLimits | undefined, now: number): Record<string, unknown> {
  if (!limits || now >= limits.lockedUntil) return { is_active: false, time_enforcement_ends: "0" };
  return {
    is_active: true,
    time_enforcement_ends: String(Math.ceil(limits.lockedUntil / 1000)),
    enforcement_type: limits.settings.reach_out_lock?.enforcement_type ?? "DEFAULT",
  };
}

/** The quota of new chats as Baileys rc14 reads it; without a cap nothing is counted. */
export function newChatCap(limits: AccountLimits | undefined, now: number): Record<string, unknown> {
  const seconds = (ms: number): string => String(Math.floor(ms / 1000));
  const common = { server_sent_timestamp: seconds(now), ote_status: "NOT_ELIGIBLE", mv_status: "NOT_ELIGIBLE" };
  const total = limits?.settings.new_chat_cap?.total;
  if (!limits || total === undefined) return { ...common, capping_status: "NONE" };
  return {
    ...common,
    total_quota: total,
    used_quota: limits.used,
    cycle_start_timestamp: seconds(limits.cycleStart),
    cycle_end_timestamp: seconds(limits.cycleEnd()),
    capping_status: cappingStatus(limits.used, total),
  };
}

function cappingStatus(used: number, total: number): string {
  if (used >= total) return "CAPPED";
  if (used >= total * SECOND_WARNING) return "SECOND_WARNING";
  return used >= total * FIRST_WARNING ? "FIRST_WARNING" : "NONE";
}

/** Tells the devices of an account about its reach-out lock. */
export function announceLock(network: Network, phone: string): void {
  const lock = reachOutLock(network.limits.get(phone), network.now().getTime());
  tell(network, phone, "NotificationUserReachoutTimelockUpdate", { xwa2_notify_account_reachout_timelock: lock });
}

/** Tells the devices of an account how much of its quota of new chats is left. */
export function announceCap(network: Network, phone: string): void {
  const cap = newChatCap(network.limits.get(phone), network.now().getTime());
  tell(network, phone, "MessageCappingInfoNotification", { xwa2_notify_new_chat_messages_capping_info_update: cap });
}

function tell(network: Network, phone: string, operation: string, data: unknown): void {
  const update = node("update", { op_name: operation }, Buffer.from(JSON.stringify({ data })));
  for (const companion of network.accounts.tryGet(phone)?.companions.values() ?? []) {
    network.notify(companion, "s.whatsapp.net", "mex", [update]);
  }
}
