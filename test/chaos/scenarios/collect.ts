import type { NewEvent } from "../history/recorder.ts";
import type { Rig } from "../rig/open-rig.ts";

/** Where a scenario's part of the shared logs begins. */
export interface Marks {
  owner: number;
  ledger: number;
}

/** @returns the ends of the ledger and of the list of owners, as they are now */
export async function markNow(rig: Rig): Promise<Marks> {
  return { owner: await rig.database.lastOwner(), ledger: (await rig.simulator.summary()).messages };
}

/** Notes who holds which shard and which sessions take part: the beginning of a history. */
export async function noteBeginning(rig: Rig, note: (event: NewEvent) => void): Promise<void> {
  for (const { id: session, phone, shard, device } of rig.sessions)
    note({ kind: "session", session, phone, shard, device });
  for (const { shard, owner, epoch } of await rig.database.currentOwners())
    note({ kind: "owner", shard, owner, epoch });
}

/** Notes what the tables and the network have at the end. Rows come before the ledger, as the checker wants them. */
export async function noteEnd(
  rig: Rig,
  prefix: string,
  marks: Marks,
  note: (event: NewEvent, at?: number) => void,
): Promise<void> {
  const { database, simulator } = rig;
  for (const { at, shard, owner, epoch } of await database.owners(marks.owner))
    note({ kind: "owner", shard, owner, epoch }, at - performance.timeOrigin);
  for (const { id, phone, status } of await database.sessions()) {
    const number = phone.replace("+", "");
    note({ kind: "session-end", session: id, phone: number, status, devices: await simulator.devices(number) });
  }
  for await (const rows of database.outbound(prefix)) {
    for (const { sender, text_sha256: textSha256, ...row } of rows)
      note({ kind: "row", ...row, sender: sender.replace("+", ""), textSha256 });
  }
  for await (const rows of database.inbound(prefix)) {
    for (const { id, session, phone, wa } of rows)
      note({ kind: "stored", session, phone: phone.replace("+", ""), wa, id });
  }
  for await (const row of simulator.ledger(marks.ledger)) {
    if (!row.phone.startsWith(prefix)) continue;
    note({
      kind: "ledger",
      sequence: row.sequence,
      phone: row.phone,
      sender: row.sender,
      wa: row.wa_message_id,
      wire: row.wire_copies,
      visible: row.visible_copies,
      undecryptable: row.undecryptable_copies,
      textSha256: row.text_sha256,
    });
  }
}
