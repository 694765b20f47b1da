import { z } from "zod";

/**
 * Every id we make is a UUIDv7: it sorts by the time it was minted (48 bits of Unix milliseconds, RFC 9562 §5.7), which
 * is what lets message partitions be ranges over the primary key. Ids carry no prefix; the brand lives in the type only.
 */
const uuid = z.uuid();

export const SessionId = uuid.brand<"SessionId">();
export type SessionId = z.infer<typeof SessionId>;
export const MessageId = uuid.brand<"MessageId">();
export type MessageId = z.infer<typeof MessageId>;
export const CampaignId = uuid.brand<"CampaignId">();
export type CampaignId = z.infer<typeof CampaignId>;

/** Mints a UUIDv7 from the wall clock and the platform's secure randomness. Not monotonic within one millisecond. */
export function mintUuid(nowMs: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let index = 0; index < 6; index++) bytes[index] = Math.floor(nowMs / 2 ** (8 * (5 - index))) % 256;
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export const mintSessionId = (): SessionId => SessionId.parse(mintUuid());
export const mintMessageId = (): MessageId => MessageId.parse(mintUuid());
export const mintCampaignId = (): CampaignId => CampaignId.parse(mintUuid());
