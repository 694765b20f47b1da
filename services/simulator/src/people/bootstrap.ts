import { deflateSync } from "node:zlib";
import { proto } from "@whiskeysockets/baileys";
import { deriveBytes } from "../protocol/keys.ts";
import { personJid } from "../protocol/jid.ts";

const { APP_STATE_SYNC_KEY_SHARE, HISTORY_SYNC_NOTIFICATION } = proto.Message.ProtocolMessage.Type;
const HistorySyncType = proto.HistorySync.HistorySyncType;

/**
 * What a phone tells a newly linked device: the key of the account's synchronised settings, then its (empty) history.
 * Without the history notifications a Baileys client holds back its message events for 20 s.
 */
export function bootstrapMessages(secret: Uint8Array, phone: string, name: string): proto.IMessage[] {
  const keyId = deriveBytes(secret, `app-state-key-id:${phone}`).subarray(0, 6);
  const keyData = deriveBytes(secret, `app-state-key:${phone}`);
  const fingerprint = { rawId: 1, currentIndex: 0, deviceIndexes: [0] };
  const share: proto.IMessage = {
    protocolMessage: {
      type: APP_STATE_SYNC_KEY_SHARE,
      appStateSyncKeyShare: { keys: [{ keyId: { keyId }, keyData: { keyData, fingerprint, timestamp: 0 } }] },
    },
  };
  const pnJid = personJid(phone, "pn");
  const history: proto.IHistorySync[] = [
    {
      syncType: HistorySyncType.INITIAL_BOOTSTRAP,
      phoneNumberToLidMappings: [{ pnJid, lidJid: personJid(phone, "lid") }],
    },
    { syncType: HistorySyncType.PUSH_NAME, pushnames: [{ id: pnJid, pushname: name }] },
    { syncType: HistorySyncType.RECENT, progress: 100 },
  ];
  return [share, ...history.map(notification)];
}

function notification(history: proto.IHistorySync, chunkOrder: number): proto.IMessage {
  const payload = deflateSync(proto.HistorySync.encode(proto.HistorySync.fromObject(history)).finish());
  return {
    protocolMessage: {
      type: HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: {
        syncType: history.syncType as unknown as proto.Message.HistorySyncType,
        chunkOrder,
        progress: 100,
        initialHistBootstrapInlinePayload: payload,
      },
    },
  };
}
