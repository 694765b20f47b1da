import { createCipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { decryptPollVote, proto } from "@whiskeysockets/baileys";
import { personJid } from "../protocol/jid.ts";
import { pollIn } from "./message-details.ts";

/** A vote as it belongs to a poll: who asked, who votes, and the message that asked. */
export interface PollContext {
  readonly pollId: string;
  readonly poll: proto.IMessage;
  /** Numbers, digits only. */
  readonly creator: string;
  readonly voter: string;
}

/** Names of the options that were chosen; undefined when the vote does not decrypt with this poll's secret. */
export function readVote(update: proto.Message.IPollUpdateMessage, context: PollContext): string[] | undefined {
  const secret = context.poll.messageContextInfo?.messageSecret;
  const { encPayload, encIv } = update.vote ?? {};
  if (!secret || !encPayload || !encIv) return undefined;
  // The addresses are part of the key, and clients differ in which of a person's two they take.
  for (const creatorKind of ["pn", "lid"] as const) {
    for (const voterKind of ["pn", "lid"] as const) {
      const vote = tryDecrypt({ encPayload, encIv }, secret, {
        pollCreatorJid: personJid(context.creator, creatorKind),
        pollMsgId: context.pollId,
        voterJid: personJid(context.voter, voterKind),
      });
      if (vote) return namesOf(vote, context.poll);
    }
  }
  return undefined;
}

/** The vote for these options. `kind`: which addresses creator and voter go by in the chat. Throws without a secret. */
export function writeVote(
  options: readonly string[],
  kind: "pn" | "lid",
  context: PollContext,
): proto.Message.IPollEncValue {
  const secret = context.poll.messageContextInfo?.messageSecret;
  if (!secret) throw new Error("the poll carries no secret");
  const voter = personJid(context.voter, kind);
  const info = `${context.pollId}${personJid(context.creator, kind)}${voter}Poll Vote`;
  const key = Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(32), info, 32));
  const encIv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, encIv).setAAD(Buffer.from(`${context.pollId}\0${voter}`));
  const plain = proto.Message.PollVoteMessage.encode({ selectedOptions: options.map(optionHash) }).finish();
  return { encPayload: Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]), encIv };
}

function tryDecrypt(
  vote: { encPayload: Uint8Array; encIv: Uint8Array },
  pollEncKey: Uint8Array,
  who: { pollCreatorJid: string; pollMsgId: string; voterJid: string },
): proto.Message.PollVoteMessage | undefined {
  try {
    return decryptPollVote(vote, { ...who, pollEncKey });
  } catch {
    return undefined; // other addresses, or not a vote for this poll
  }
}

function namesOf(vote: proto.Message.PollVoteMessage, poll: proto.IMessage): string[] {
  const chosen = new Set(vote.selectedOptions.map((hash) => Buffer.from(hash).toString("hex")));
  const options = pollIn(poll)?.options?.map(({ optionName }) => optionName ?? "") ?? [];
  return options.filter((option) => chosen.has(optionHash(option).toString("hex")));
}

function optionHash(option: string): Buffer {
  return createHash("sha256").update(option).digest();
}
