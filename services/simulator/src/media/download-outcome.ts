import { createHash } from "node:crypto";
import type { proto } from "@whiskeysockets/baileys";
import { mediaPart } from "../people/message-details.ts";
import { decryptFile } from "./media-cipher.ts";
import type { MediaStore } from "./media-store.ts";

/** What a phone gets when it downloads the file of a message; undefined when the message has none. */
export function downloadOutcome(
  store: MediaStore,
  message: proto.IMessage,
): "intact" | "damaged" | "missing" | undefined {
  const media = mediaPart(message);
  if (!media) return undefined;
  const { kind, part } = media;
  const stored = store.get(part.directPath ?? "");
  if (!stored || !part.mediaKey) return "missing";
  try {
    const plain = decryptFile(stored, part.mediaKey, kind);
    const announced = Buffer.from(part.fileSha256 ?? []);
    return createHash("sha256").update(plain).digest().equals(announced) ? "intact" : "damaged";
  } catch {
    return "damaged"; // another key, or other bytes than were uploaded
  }
}
