import type { Network } from "../network.ts";
import { personJid } from "../protocol/jid.ts";
import { node } from "../protocol/node.ts";
import { changeParticipants, type ParticipantAction, type ParticipantResult } from "./change-participants.ts";
import type { Group } from "./group.ts";
import { participantsNode, tellMembers, tellNewMembers } from "./group-notices.ts";

/** What people do to groups, from a linked device or by the control API alike. The caller has checked the rights. */

/** Makes a group of these numbers; those who cannot be added are left out. `key`: the creator's own mark. */
export function makeGroup(
  network: Network,
  creator: string,
  subject: string,
  phones: readonly string[],
  key?: string,
): { group: Group; results: ParticipantResult[] } {
  const group = network.groups.create(creator, subject, seconds(network));
  const others = phones.filter((phone) => phone !== creator);
  const results = changeParticipants(group, creator, "add", others, network.people);
  tellNewMembers(network, group, creator, [...group.participants.keys()], key);
  return { group, results };
}

/** Adds, removes, promotes or demotes, and tells everybody concerned. */
export function applyToParticipants(
  network: Network,
  group: Group,
  actor: string,
  action: ParticipantAction,
  phones: readonly string[],
): ParticipantResult[] {
  const before = [...group.participants.keys()];
  const results = changeParticipants(group, actor, action, phones, network.people);
  const changed = results.filter(({ error }) => error === undefined).map(({ phone }) => phone);
  if (changed.length === 0) return results;
  tellMembers(network, group, actor, participantsNode(network, action, changed), before);
  if (action === "add") tellNewMembers(network, group, actor, changed);
  return results;
}

/** The person goes; the rest is told. */
export function leaveGroup(network: Network, group: Group, phone: string): void {
  const before = [...group.participants.keys()];
  group.participants.delete(phone);
  tellMembers(network, group, phone, participantsNode(network, "remove", [phone]), before);
}

/** The person is in from now on, and everybody is told; false when already in it. */
export function joinGroup(network: Network, group: Group, phone: string): boolean {
  if (group.participants.has(phone)) return false;
  const before = [...group.participants.keys()];
  group.requests.delete(phone);
  group.participants.set(phone, "member");
  tellMembers(network, group, phone, participantsNode(network, "add", [phone]), before);
  tellNewMembers(network, group, phone, [phone]);
  return true;
}

export function renameGroup(network: Network, group: Group, actor: string, subject: string): void {
  group.subject = subject;
  group.subjectBy = actor;
  group.subjectAt = seconds(network);
  const { addressing } = network;
  const attributes = { subject, s_t: String(group.subjectAt), s_o: personJid(actor, addressing) };
  tellMembers(network, group, actor, node("subject", attributes));
}

/** Sets the description, or takes it away when `body` is undefined. */
export function describeGroup(
  network: Network,
  group: Group,
  actor: string,
  id: string,
  body: string | undefined,
): void {
  const at = seconds(network);
  group.description = body === undefined ? undefined : { id, body, by: actor, at };
  const content = body === undefined ? [node("delete")] : [node("body", {}, Buffer.from(body))];
  tellMembers(network, group, actor, node("description", { id }, content));
}

function seconds(network: Network): number {
  return Math.floor(network.now().getTime() / 1000);
}
