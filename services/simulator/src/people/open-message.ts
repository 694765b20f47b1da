import type { proto } from "@whiskeysockets/baileys";
import type { Envelope } from "../envelope.ts";
import { decodeMessage, saysSomething } from "./message-content.ts";
import type { SenderKeys } from "./sender-keys.ts";
import { signalAddress } from "./signal-address.ts";
import type { SignalStore } from "./signal-store.ts";

/**
 * Decrypts a message that reached a device; a sender key that comes with it counts for the part that needs it.
 * Throws when a part does not decrypt, and when the message says nothing.
 */
export async function openMessage(
  envelope: Envelope,
  signal: SignalStore,
  senderKeys: SenderKeys,
): Promise<proto.IMessage> {
  const { chat, ciphertext, groupCiphertext } = envelope;
  const author = signalAddress(envelope.sender);
  let message: proto.IMessage | undefined;
  if (ciphertext) {
    message = decodeMessage(await signal.decrypt(author, ciphertext));
    const key = message.senderKeyDistributionMessage?.axolotlSenderKeyDistributionMessage;
    if (key) await senderKeys.learn(chat, author, key);
  }
  if (groupCiphertext) message = decodeMessage(await senderKeys.decrypt(chat, author, groupCiphertext));
  if (!message || !saysSomething(message)) throw new Error("the message is empty");
  return message;
}
