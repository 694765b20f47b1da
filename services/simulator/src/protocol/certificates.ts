import { proto } from "@whiskeysockets/baileys";
import { deriveIdentity, deriveKeyPair, type KeyPair } from "./keys.ts";

const DAY_S = 86_400;

/** Who the network is to its clients: the Noise key of the server and the chain that vouches for it. */
export interface ServerIdentity {
  readonly noise: KeyPair;
  /** Encoded CertChain: root signs intermediate, intermediate signs leaf, leaf names the Noise key. */
  readonly certificates: Uint8Array;
  /** 32 bytes that clients must trust instead of the built-in root (`WA_CERT_DETAILS.PUBLIC_KEY` in Baileys). */
  readonly rootPublicKey: Buffer;
}

/** The identity that follows from the network's secret, so that it is the same after a restart. */
export function createServerIdentity(secret: Uint8Array, nowMs: number): ServerIdentity {
  const root = deriveIdentity(secret, "noise-root");
  const intermediate = deriveIdentity(secret, "noise-intermediate");
  const noise = deriveKeyPair(secret, "noise-server");
  const validity = { notBefore: Math.floor(nowMs / 1000) - DAY_S, notAfter: Math.floor(nowMs / 1000) + 3650 * DAY_S };
  const encodeDetails = (details: proto.CertChain.NoiseCertificate.IDetails): Uint8Array =>
    proto.CertChain.NoiseCertificate.Details.encode({ ...details, ...validity }).finish();
  const intermediateDetails = encodeDetails({ serial: 1, issuerSerial: 0, key: intermediate.public });
  const leafDetails = encodeDetails({ serial: 2, issuerSerial: 1, key: noise.public });
  const certificates = proto.CertChain.encode({
    intermediate: { details: intermediateDetails, signature: root.sign(intermediateDetails) },
    leaf: { details: leafDetails, signature: intermediate.sign(leafDetails) },
  }).finish();
  return { noise, certificates, rootPublicKey: root.public };
}
