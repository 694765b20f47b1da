import { deflateSync } from "node:zlib";
import { proto } from "@whiskeysockets/baileys";
import { encryptFile } from "../media/media-cipher.ts";
import { personJid } from "../protocol/jid.ts";
import { deriveBytes } from "../protocol/keys.ts";
import { historyChunks } from "./history.ts";
import type { PhoneWorld } from "./phone-world.ts";

const { APP_STATE_SYNC_KEY_SHARE, HISTORY_SYNC_NOTIFICATION } = proto.Message.ProtocolMessage.Type;
const HistorySyncType = proto.HistorySync.HistorySyncType;
const MAX_LINES = 10_000;

/**
 * What a phone tells a newly linked device: the key of the account's synchronised settings, then its history.
 * Without the history notifications a Baileys client holds back its message events for 20 s.
 */
export function bootstrapMessages(world: PhoneWorld, phone: string): proto.IMessage[] {
  const keyId = deriveBytes(world.secret, `app-state-key-id:${phone}`).subarray(0, 6);
  const keyData = deriveBytes(world.secret, `app-state-key:${phone}`);
  const fingerprint = { rawId: 1, currentIndex: 0, deviceIndexes: [0] };
  const share: proto.IMessage = {
    protocolMessage: {
      type: APP_STATE_SYNC_KEY_SHARE,
      appStateSyncKeyShare: { keys: [{ keyId: { keyId }, keyData: { keyData, fingerprint, timestamp: 0 } }] },
    },
  };
  const pnJid = personJid(phone, "pn");
  const { history } = world.behaviourOf(phone);
  const lines = world.chats.messages(phone, { limit: MAX_LINES });
  const now = Math.floor(world.now().getTime() / 1000);
  const [first = [], ...later] = historyChunks(phone, lines, history, world.addressing, now);
  const recent = later.length > 0 ? later : [[]];
  const parts: proto.IHistorySync[] = [
    {
      syncType: HistorySyncType.INITIAL_BOOTSTRAP,
      conversations: first,
      phoneNumberToLidMappings: [{ pnJid, lidJid: personJid(phone, "lid") }],
    },
    { syncType: HistorySyncType.PUSH_NAME, pushnames: [{ id: pnJid, pushname: world.nameOf(phone) }] },
    ...recent.map((conversations, index) => ({
      syncType: HistorySyncType.RECENT,
      conversations,
      progress: Math.round(((index + 1) * 100) / recent.length),
    })),
  ];
  return [share, ...parts.map((part, order) => notification(world, part, order, history.by))];
}

/** `media`: the client fetches it from its default media host, because this notification has no room for another. */
function notification(
  world: PhoneWorld,
  history: proto.IHistorySync,
  chunkOrder: number,
  by: "inline" | "media",
): proto.IMessage {
  const payload = deflateSync(proto.HistorySync.encode(proto.HistorySync.fromObject(history)).finish());
  const content = by === "inline" ? { initialHistBootstrapInlinePayload: payload } : uploaded(world, payload);
  return {
    protocolMessage: {
      type: HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: {
        syncType: history.syncType as unknown as proto.Message.HistorySyncType,
        chunkOrder,
        progress: history.progress ?? 100,
        ...content,
      },
    },
  };
}

function uploaded(world: PhoneWorld, payload: Buffer): proto.Message.IHistorySyncNotification {
  const { ciphertext, ...file } = encryptFile(payload, "history");
  return { ...file, directPath: world.media.put(ciphertext) };
}
