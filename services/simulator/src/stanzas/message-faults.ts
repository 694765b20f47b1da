import { announceCap, announceLock } from "../announce-limits.ts";
import type { Companion } from "../accounts.ts";
import { endLink } from "../endings.ts";
import { delayOf } from "../faults.ts";
import type { Link } from "../link.ts";
import type { Network } from "../network.ts";

/** From whom to whom; `recipient` is absent for what is no 1:1 message. */
export interface Route {
  readonly sender: string;
  readonly recipient?: string | undefined;
}

/** WhatsApp's code for "no new chats now". */
const RESTRICTED = 463;

/** Code with which the server refuses a message: by the recipient's behaviour, a fault, or the sender's limits. */
export function refusalOf(network: Network, route: Route): number | undefined {
  const { sender, recipient } = route;
  const byBehaviour = recipient === undefined ? null : network.behaviourOf(recipient).ack_error;
  if (byBehaviour !== null) return byBehaviour;
  const fault = network.faults.hit("ack_error", route);
  if (fault) return fault.code;
  const limits = network.limits.get(sender);
  if (!limits || recipient === undefined) return undefined;
  const isOldChat = network.ledger.arrivals(recipient, sender) > 0;
  const { kind } = limits.judge(recipient, isOldChat, network.now().getTime());
  if (kind === "allowed_and_counted") announceCap(network, sender);
  if (kind === "refused_and_locked") announceLock(network, sender);
  return kind === "refused" || kind === "refused_and_locked" ? RESTRICTED : undefined;
}

/** Acks of a device that let the next one go first. */
const held = new WeakMap<Companion, (() => void)[]>();

/** Acknowledges as the faults in force would have it: late, twice, out of order or not at all. */
export function acknowledgeUnderFaults(network: Network, companion: Companion, route: Route, ack: () => void): void {
  const { faults, scheduler } = network;
  if (faults.hit("drop_ack", route)) return;
  const delay = faults.hit("delay_ack", route);
  if (delay) return scheduler.after(delayOf(delay, network.random), ack);
  const reorder = faults.hit("reorder_ack", route);
  if (reorder) {
    const waiting = held.get(companion) ?? [];
    held.set(companion, [...waiting, ack]);
    scheduler.after(reorder.delay_ms, () => releaseHeld(companion));
    return;
  }
  ack();
  releaseHeld(companion);
  const twice = faults.hit("duplicate_ack", route);
  for (let copy = 0; copy < (twice?.copies ?? 0); copy++) scheduler.after(twice?.delay_ms ?? 0, ack);
}

function releaseHeld(companion: Companion): void {
  const waiting = held.get(companion);
  if (!waiting) return;
  held.delete(companion);
  for (const ack of waiting) ack();
}

/** Carries what was acknowledged as the faults in force would have it: late, several times, or never. */
export function carryUnderFaults(network: Network, route: Route, carry: () => void): void {
  const { faults, scheduler } = network;
  if (faults.hit("lose_message", route)) return;
  const delay = faults.hit("delay_message", route);
  if (delay) scheduler.after(delayOf(delay, network.random), carry);
  else carry();
  const again = faults.hit("duplicate_message", route);
  for (let copy = 0; copy < (again?.copies ?? 0); copy++) scheduler.after(again?.delay_ms ?? 0, carry);
}

/** Ends the link of a client when a rule says so for what it just did. */
export function endLinkByFault(network: Network, link: Link, sender: string, on: "login" | "message" | "query"): void {
  const fault = network.faults.hit("end_link", { sender, where: { on } });
  if (!fault) return;
  const end = (): void => endLink(link, fault.ending, { code: fault.code, expireSeconds: fault.expire_s });
  if (fault.after_ms === 0) end();
  else network.scheduler.after(fault.after_ms, end);
}
