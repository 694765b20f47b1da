import { createHmac, randomBytes } from "node:crypto";
import { proto } from "@whiskeysockets/baileys";
import { type Account, Companion, type DeviceKeys } from "./accounts.ts";
import { streamError } from "./endings.ts";
import type { Link } from "./link.ts";
import { personJid } from "./protocol/jid.ts";
import { verifySignature } from "./protocol/keys.ts";
import { type BinaryNode, bytesOf, child, node } from "./protocol/node.ts";

/** Why a scan did not link a device. */
export type ScanRefusal = "malformed" | "expired" | "key_mismatch" | "refused_by_client" | "timeout";

/** The phone could not link the device; `reason` says why. */
export class PairingError extends Error {
  override name = "PairingError";
  readonly reason: ScanRefusal;

  constructor(reason: ScanRefusal, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A client that wants to be linked: what it presented in its ClientPayload. */
export interface Candidate {
  readonly link: Link;
  readonly keys: DeviceKeys;
  readonly pushName: string;
}

/** What pairing asks of the network. */
export interface PairingWorld {
  linked(account: Account, companion: Companion): void;
  now(): Date;
}

interface Offer {
  readonly candidate: Candidate;
  readonly refs: string[];
  confirm: ((answer: BinaryNode) => void) | undefined;
  fail: ((error: PairingError) => void) | undefined;
}

interface ParsedQr {
  readonly ref: string;
  readonly noise: Buffer;
  readonly identity: Buffer;
  readonly advSecret: Buffer;
}

const REFS_PER_OFFER = 6;
const CONFIRM_TIMEOUT_MS = 30_000;
const ACCOUNT_PREFIX = Buffer.from([6, 0]);
const DEVICE_PREFIX = Buffer.from([6, 1]);

/** QR codes on offer, and the scans under way. A ref is good for one scan and dies with its connection. */
export class PairingDesk {
  readonly #world: PairingWorld;
  readonly #byRef = new Map<string, Offer>();
  readonly #byLink = new Map<Link, Offer>();

  constructor(world: PairingWorld) {
    this.#world = world;
  }

  /** Sends a new client the refs it shows as QR codes, one after another. */
  offer(candidate: Candidate): void {
    const refs = Array.from({ length: REFS_PER_OFFER }, () => `2@${randomBytes(66).toString("base64")}`);
    const offer: Offer = { candidate, refs, confirm: undefined, fail: undefined };
    for (const ref of refs) this.#byRef.set(ref, offer);
    this.#byLink.set(candidate.link, offer);
    const content = refs.map((ref) => node("ref", {}, Buffer.from(ref)));
    candidate.link.send(
      node("iq", { from: "s.whatsapp.net", type: "set", id: `pd-${candidate.link.id}`, xmlns: "md" }, [
        node("pair-device", {}, content),
      ]),
    );
  }

  /** The push name that the client behind this QR code presented. Throws PairingError like `scan`. */
  pushNameOf(qr: string): string {
    return this.#find(parseQr(qr)).candidate.pushName;
  }

  /**
   * The phone of `account` scans a QR code. Resolves once the client has accepted and the device exists.
   * Throws PairingError.
   */
  async scan(account: Account, qr: string): Promise<Companion> {
    const parsed = parseQr(qr);
    const offer = this.#find(parsed);
    for (const ref of offer.refs) this.#byRef.delete(ref);
    return this.link(account, offer.candidate, parsed.advSecret);
  }

  /** Signs the candidate in as the next device of the account; `advSecret` proves to it that its code was read. */
  async link(account: Account, candidate: Candidate, advSecret: Buffer): Promise<Companion> {
    const { link, keys } = candidate;
    const device = account.nextDevice++;
    const identity = account.phone.signal.identity;
    const details = proto.ADVDeviceIdentity.encode({
      rawId: account.phone.signal.registrationId,
      timestamp: Math.floor(this.#world.now().getTime() / 1000),
      keyIndex: device,
    }).finish();
    const accountSignature = identity.sign(Buffer.concat([ACCOUNT_PREFIX, details, keys.identity]));
    const signed = { details, accountSignatureKey: identity.public, accountSignature };
    const bytes = proto.ADVSignedDeviceIdentity.encode(signed).finish();
    const answer = this.#answerOf(candidate);
    link.send(
      pairSuccess(account, device, {
        details: bytes,
        hmac: createHmac("sha256", advSecret).update(bytes).digest(),
      }),
    );
    const deviceSignature = readDeviceSignature(await answer);
    const message = Buffer.concat([DEVICE_PREFIX, details, keys.identity, identity.public]);
    if (!deviceSignature || !verifySignature(keys.identity, message, deviceSignature)) {
      link.end(streamError("401"));
      throw new PairingError("refused_by_client", "The client did not sign its device identity.");
    }
    const companion = new Companion({
      address: { phone: account.number, device },
      keys,
      signedIdentity: Buffer.from(proto.ADVSignedDeviceIdentity.encode({ ...signed, deviceSignature }).finish()),
      linkedAt: this.#world.now().toISOString(),
    });
    this.#world.linked(account, companion);
    // The client has to come back with its new credentials: it does not go on over this connection.
    link.end(streamError("515"));
    return companion;
  }

  /** The candidate behind a connection that is not logged in. */
  candidateOf(link: Link): Candidate | undefined {
    return this.#byLink.get(link)?.candidate;
  }

  /** The client answered one of our requests on a connection that is not logged in. */
  answered(link: Link, stanza: BinaryNode): void {
    if (child(stanza, "pair-device-sign")) this.#byLink.get(link)?.confirm?.(stanza);
  }

  /** The connection is gone, and its refs with it. */
  withdraw(link: Link): void {
    const offer = this.#byLink.get(link);
    if (!offer) return;
    this.#byLink.delete(link);
    for (const ref of offer.refs) this.#byRef.delete(ref);
    offer.fail?.(new PairingError("refused_by_client", "The client closed the connection instead of pairing."));
  }

  #find(parsed: ParsedQr): Offer {
    const offer = this.#byRef.get(parsed.ref);
    if (!offer) throw new PairingError("expired", "This QR code was scanned before, or its client is gone.");
    const { keys } = offer.candidate;
    if (!keys.noise.equals(parsed.noise) || !keys.identity.equals(parsed.identity)) {
      throw new PairingError("key_mismatch", "The keys in the QR code are not those of the client that showed it.");
    }
    return offer;
  }

  async #answerOf(candidate: Candidate): Promise<BinaryNode> {
    const offer = this.#byLink.get(candidate.link);
    if (!offer) throw new PairingError("expired", "The client is gone.");
    const { promise, resolve, reject } = Promise.withResolvers<BinaryNode>();
    offer.confirm = resolve;
    offer.fail = reject;
    const timer = setTimeout(
      () => reject(new PairingError("timeout", "The client did not answer the pairing.")),
      CONFIRM_TIMEOUT_MS,
    );
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      offer.confirm = undefined;
      offer.fail = undefined;
    }
  }
}

/** Reads both forms: with the `https://wa.me/…#` prefix of recent clients, and the bare comma list. */
function parseQr(qr: string): ParsedQr {
  const [ref, noise, identity, advSecret] = qr
    .trim()
    .slice(qr.trim().indexOf("#") + 1)
    .split(",");
  const keys = [noise, identity, advSecret].map((part) => Buffer.from(part ?? "", "base64"));
  if (!ref || keys.some((key) => key.length !== 32)) {
    throw new PairingError("malformed", "This is not a WhatsApp linking code.");
  }
  const [noiseKey, identityKey, secret] = keys as [Buffer, Buffer, Buffer];
  return { ref, noise: noiseKey, identity: identityKey, advSecret: secret };
}

function pairSuccess(account: Account, device: number, identity: proto.IADVSignedDeviceIdentityHMAC): BinaryNode {
  return node("iq", { from: "s.whatsapp.net", type: "set", id: `ps-${account.number}-${device}`, xmlns: "md" }, [
    node("pair-success", {}, [
      node("device-identity", {}, proto.ADVSignedDeviceIdentityHMAC.encode(identity).finish()),
      ...(account.name ? [node("biz", { name: account.name })] : []),
      node("platform", { name: "android" }),
      node("device", {
        jid: personJid(account.number, "pn", device),
        lid: personJid(account.number, "lid", device),
      }),
    ]),
  ]);
}

function readDeviceSignature(answer: BinaryNode): Buffer | undefined {
  const bytes = bytesOf(child(child(answer, "pair-device-sign"), "device-identity"));
  if (!bytes) return undefined;
  try {
    return Buffer.from(proto.ADVSignedDeviceIdentity.decode(bytes).deviceSignature ?? []);
  } catch {
    return undefined; // not the structure that was asked for: the same as no signature
  }
}
