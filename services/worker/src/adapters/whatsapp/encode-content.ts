import type { AnyMessageContent, proto } from "@whiskeysockets/baileys";
import { UnsupportedContent } from "../../ports.ts";

/**
 * Our content as the library takes it. Text only, for now; `linkPreview: null` keeps the library from fetching a URL that
 * a customer wrote, from inside our network.
 *
 * @throws UnsupportedContent
 */
export function encodeContent(type: string, content: Record<string, unknown>): AnyMessageContent {
  return { text: textOf(type, content), linkPreview: null };
}

/** The same content as the message the recipient gets, for devices that ask for it again. @throws UnsupportedContent */
export function encodeForRetry(type: string, content: Record<string, unknown>): proto.IMessage {
  return { extendedTextMessage: { text: textOf(type, content) } };
}

function textOf(type: string, { body }: Record<string, unknown>): string {
  if (type !== "text") throw new UnsupportedContent(`messages of type ${type} cannot be sent yet`);
  if (typeof body !== "string" || body === "") throw new UnsupportedContent("a text needs a body");
  return body;
}
