import { createHash } from "node:crypto";
import { z } from "zod";
import { readAccount, writeAccount } from "./account-record.ts";
import { readGroup, writeGroup } from "./groups/group-record.ts";
import type { Network } from "./network.ts";

/**
 * What a network can be set back to: all groups, and all accounts with their devices, keys, Signal sessions
 * and waiting stanzas. Files on the media server are not part of it.
 */
export const snapshotSchema = z.strictObject({
  format: z.literal(1),
  network: z.string().describe("Fingerprint of the root key; keys of another network would not fit."),
  taken_at: z.string(),
  accounts: z.array(z.string()).describe("One line for each account, as in the data folder."),
  groups: z.array(z.string()).default([]).describe("One line for each group, as in the data folder."),
});

/** See the schema. */
export type Snapshot = z.infer<typeof snapshotSchema>;

/** The snapshot is of another network, or damaged; nothing was changed by it. */
export class SnapshotError extends Error {
  override name = "SnapshotError";
  readonly reason: "other_network" | "damaged";

  constructor(reason: "other_network" | "damaged", message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** All accounts as they are now. */
export function takeSnapshot(network: Network): Snapshot {
  const accounts = [...network.accounts.all()].flatMap(({ number }) => writeAccount(network.accounts, number) ?? []);
  const groups = network.groups.all().map(writeGroup);
  return { format: 1, network: fingerprint(network), taken_at: network.now().toISOString(), accounts, groups };
}

/**
 * Sets the accounts back to a snapshot of this network (the same data folder or seed). Connections end without a word,
 * and ledger, chats, faults and counters start empty, as after a restart. Throws SnapshotError, and then changed nothing.
 */
export function restoreSnapshot(network: Network, snapshot: Snapshot): void {
  if (snapshot.network !== fingerprint(network)) {
    throw new SnapshotError("other_network", "The snapshot was taken of a network with another root key.");
  }
  const before = takeSnapshot(network);
  for (const link of network.links.values()) link.reset();
  try {
    const groups = snapshot.groups.map(readGroup);
    replaceAccounts(network, snapshot.accounts);
    network.groups.replaceAll(groups);
    network.groupsChanged();
  } catch (cause) {
    replaceAccounts(network, before.accounts);
    throw new SnapshotError("damaged", "An account or a group in the snapshot cannot be read.", { cause });
  }
  network.reset();
}

function replaceAccounts(network: Network, lines: readonly string[]): void {
  for (const { number } of [...network.accounts.all()]) {
    network.accounts.delete(number);
    network.changed(number);
  }
  for (const line of lines) readAccount(network.accounts, line);
  for (const { number } of network.accounts.all()) network.changed(number);
}

function fingerprint(network: Network): string {
  return createHash("sha256").update(network.identity.rootPublicKey).digest("hex").slice(0, 32);
}
