import { createCipheriv, hkdfSync, randomBytes } from "node:crypto";
import { proto } from "@whiskeysockets/baileys";
import type { Companion } from "../accounts.ts";
import type { Network } from "../network.ts";
import { mediaPart } from "../people/message-details.ts";
import { type BinaryNode, child, node } from "../protocol/node.ts";

const { SUCCESS } = proto.MediaRetryNotification.ResultType;
const NOT_FOUND = "2"; // MediaRetryNotification.ResultType.NOT_FOUND

/**
 * A device cannot download a file and asks the account's own phone to upload it again (encryptMediaRetryRequest in
 * Baileys' Utils/messages-media). The phone answers with the new path, encrypted with a key from the media key, or
 * says that it no longer has the file.
 */
export function answerMediaRetry(network: Network, companion: Companion, receipt: BinaryNode): void {
  const { id = "" } = receipt.attrs;
  const asked = child(receipt, "rmr");
  const message = network.accounts.get(companion.address.phone).phone.find(id);
  const part = message && mediaPart(message)?.part;
  const directPath = part?.directPath ? network.media.uploadAgain(part.directPath) : undefined;
  const about = node("rmr", asked?.attrs ?? {});
  const attributes = {
    id,
    from: receipt.attrs["to"] ?? "",
    type: "mediaretry",
    t: String(Math.floor(network.now().getTime() / 1000)),
  };
  const answer =
    part?.mediaKey && directPath !== undefined
      ? [about, encrypted(part.mediaKey, id, directPath)]
      : [about, node("error", { code: NOT_FOUND })];
  if (part && directPath !== undefined) part.directPath = directPath;
  companion.queue.push(node("notification", attributes, answer));
}

function encrypted(mediaKey: Uint8Array, stanzaId: string, directPath: string): BinaryNode {
  const key = Buffer.from(hkdfSync("sha256", mediaKey, "", "WhatsApp Media Retry Notification", 32));
  const iv = randomBytes(12);
  const plain = proto.MediaRetryNotification.encode({ stanzaId, directPath, result: SUCCESS }).finish();
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(stanzaId));
  const bytes = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return node("encrypt", {}, [node("enc_p", {}, bytes), node("enc_iv", {}, iv)]);
}
