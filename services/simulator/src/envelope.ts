import type { Ciphertext } from "./people/signal-store.ts";
import { type Addressing, personJid, tryParsePersonJid } from "./protocol/jid.ts";
import { type BinaryNode, node } from "./protocol/node.ts";

/** A chat of several people, whose messages name their author: a group or the status feed. */
export function isSharedChat(jid: string): boolean {
  return jid.endsWith("@g.us") || jid.endsWith("@broadcast");
}

/** One device of one number; device 0 is the phone. */
export interface DeviceAddress {
  readonly phone: string;
  readonly device: number;
}

/** One encrypted copy of a message, on its way to one device. */
export interface Envelope {
  readonly id: string;
  readonly sender: DeviceAddress;
  /** JID of the chat as the sender addressed it; receipts come back under it. */
  readonly chat: string;
  readonly type: string;
  /** Encrypted for this device alone; absent for a device that needs no sender key for a group's message. */
  readonly ciphertext?: Ciphertext | undefined;
  /** Encrypted with the sender key of the group or status in `chat`; absent when it was sent again to one device. */
  readonly groupCiphertext?: Buffer | undefined;
  /** Attributes of the sender's `enc` other than version and type (`mediatype`, `decrypt-fail`, `count`). */
  readonly encAttrs: Record<string, string>;
  /** Seconds since 1970 when the server took it. */
  readonly t: number;
  /** The sender's push name. */
  readonly notify: string;
  /** A copy for another device of the sender's own account. */
  readonly ownCopy: boolean;
  /** Between the devices of one account, about the account. */
  readonly peer: boolean;
  readonly edit?: string | undefined;
  readonly deviceIdentity?: Uint8Array | undefined;
}

/** A device has received, read or failed to decrypt a message; goes back to the device that sent it. */
export interface Receipt {
  readonly ids: readonly string[];
  readonly from: DeviceAddress;
  readonly to: DeviceAddress;
  /** Absent: delivered. */
  readonly type?: string | undefined;
  /** JID of the chat as the sender of the message addressed it. */
  readonly chat: string;
  readonly t: number;
  readonly content?: BinaryNode[] | undefined;
}

/**
 * The `<message>` that carries an envelope to a companion device, in the addressing of the sender. `migrated` false: of
 * the sender no hidden id is told.
 */
export function messageStanza(envelope: Envelope, addressing: Addressing, migrated = true): BinaryNode {
  const { sender, ciphertext, groupCiphertext } = envelope;
  const content = [
    ...(ciphertext ? [node("enc", { v: "2", type: ciphertext.type, ...envelope.encAttrs }, ciphertext.bytes)] : []),
    ...(groupCiphertext ? [node("enc", { v: "2", type: "skmsg", ...envelope.encAttrs }, groupCiphertext)] : []),
    ...(envelope.deviceIdentity && ciphertext?.type === "pkmsg"
      ? [node("device-identity", {}, envelope.deviceIdentity)]
      : []),
  ];
  const from = fromAttributes(envelope, sender, addressing);
  return node(
    "message",
    {
      ...from,
      sender_lid: migrated ? from["sender_lid"] : undefined,
      participant_lid: migrated ? from["participant_lid"] : undefined,
      id: envelope.id,
      t: String(envelope.t),
      type: envelope.type,
      notify: envelope.notify || undefined,
      edit: envelope.edit,
    },
    content,
  );
}

function fromAttributes(
  envelope: Envelope,
  sender: DeviceAddress,
  addressing: Addressing,
): Record<string, string | undefined> {
  if (isSharedChat(envelope.chat)) {
    const participant = personJid(sender.phone, addressing, sender.device);
    const other = personJid(sender.phone, addressing === "lid" ? "pn" : "lid");
    const alternative = addressing === "lid" ? { participant_pn: other } : { participant_lid: other };
    return { from: envelope.chat, participant, ...alternative, addressing_mode: addressing };
  }
  if (envelope.peer) return { from: personJid(sender.phone, "pn", sender.device), category: "peer" };
  if (envelope.ownCopy) {
    const chat = tryParsePersonJid(envelope.chat);
    const kind = chat?.kind ?? addressing;
    const from = personJid(sender.phone, kind, sender.device);
    if (!chat) return { from, recipient: envelope.chat };
    return kind === "lid"
      ? { from, recipient: envelope.chat, peer_recipient_pn: personJid(chat.phone, "pn") }
      : { from, recipient: envelope.chat, peer_recipient_lid: personJid(chat.phone, "lid") };
  }
  const from = personJid(sender.phone, addressing, sender.device);
  return addressing === "lid"
    ? { from, sender_pn: personJid(sender.phone, "pn"), addressing_mode: "lid" }
    : { from, sender_lid: personJid(sender.phone, "lid"), addressing_mode: "pn" };
}

/** The `<receipt>` that tells the sending device; a retry names the device that asks, others only the chat. */
export function receiptStanza(receipt: Receipt, addressing: Addressing): BinaryNode {
  const { from, to, chat } = receipt;
  const shared = isSharedChat(chat);
  const kind = tryParsePersonJid(chat)?.kind ?? "pn";
  const own = from.phone === to.phone;
  const [id = "", ...others] = receipt.ids;
  const list =
    others.length > 0
      ? [
          node(
            "list",
            {},
            others.map((other) => node("item", { id: other })),
          ),
        ]
      : [];
  const content = [...list, ...(receipt.content ?? [])];
  return node(
    "receipt",
    {
      id,
      from: !shared && (own || receipt.type === "retry") ? personJid(from.phone, kind, from.device) : chat,
      participant: shared ? personJid(from.phone, addressing, from.device) : undefined,
      recipient: own && !shared ? chat : undefined,
      type: receipt.type,
      t: String(receipt.t),
    },
    content.length > 0 ? content : undefined,
  );
}
