import { proto } from "@whiskeysockets/baileys";
import type { DeviceKeys } from "./accounts.ts";
import { verifySignature } from "./protocol/keys.ts";
import type { Established } from "./protocol/noise.ts";

/** Who a client says it is, after the handshake. */
export type ClientClaim =
  | { kind: "login"; phone: string; device: number; pushName: string }
  | { kind: "register"; keys: DeviceKeys; pushName: string }
  | { kind: "malformed" };

const KEY_TYPE = Buffer.from([5]);

/** Reads the ClientPayload; keys that do not fit together make it malformed. */
export function readClaim({ payload, clientKey }: Established): ClientClaim {
  let decoded: proto.ClientPayload;
  try {
    decoded = proto.ClientPayload.decode(payload);
  } catch {
    return { kind: "malformed" };
  }
  const pushName = decoded.pushName ?? "";
  if (decoded.username != null) {
    return { kind: "login", phone: String(decoded.username), device: decoded.device ?? 0, pushName };
  }
  const keys = decoded.devicePairingData && readKeys(decoded.devicePairingData, clientKey);
  return keys ? { kind: "register", keys, pushName } : { kind: "malformed" };
}

function readKeys(data: proto.ClientPayload.IDevicePairingRegistrationData, noise: Buffer): DeviceKeys | undefined {
  const { eIdent, eRegid, eSkeyId, eSkeyVal, eSkeySig } = data;
  if (eIdent?.length !== 32 || eRegid?.length !== 4 || eSkeyVal?.length !== 32 || eSkeyId?.length !== 3)
    return undefined;
  if (!eSkeySig || !verifySignature(eIdent, Buffer.concat([KEY_TYPE, eSkeyVal]), eSkeySig)) return undefined;
  return {
    noise: Buffer.from(noise),
    identity: Buffer.from(eIdent),
    registrationId: Buffer.from(eRegid).readUInt32BE(0),
    signedPreKey: {
      id: Buffer.from(eSkeyId).readUIntBE(0, 3),
      public: Buffer.from(eSkeyVal),
      signature: Buffer.from(eSkeySig),
    },
    oneTimeKeys: [],
  };
}
