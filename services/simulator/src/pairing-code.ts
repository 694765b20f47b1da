import { createCipheriv, createDecipheriv, hkdfSync, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { Account, Companion } from "./accounts.ts";
import type { Link } from "./link.ts";
import { type Candidate, type PairingDesk, PairingError } from "./pairing.ts";
import { tryParsePersonJid } from "./protocol/jid.ts";
import { generateKeyPair, sharedSecret } from "./protocol/keys.ts";
import { type BinaryNode, bytesOf, child, node } from "./protocol/node.ts";

interface Request {
  readonly phone: string;
  readonly candidate: Candidate;
  /** Salt, initialisation vector and encrypted ephemeral key of the client. */
  readonly wrapped: Buffer;
  readonly ref: Buffer;
  finish: ((stanza: BinaryNode) => void) | undefined;
  fail: ((error: PairingError) => void) | undefined;
}

const derive = promisify(pbkdf2);
const ITERATIONS = 131_072;
const FINISH_TIMEOUT_MS = 30_000;
const BUNDLE_INFO = "link_code_pairing_key_bundle_encryption_key";

/** Linking by an eight-character code that the person types into the phone. */
export class PairingCodeDesk {
  readonly #pairing: PairingDesk;
  readonly #byLink = new Map<Link, Request>();

  constructor(pairing: PairingDesk) {
    this.#pairing = pairing;
  }

  /** A client that is not logged in sends a `link_code_companion_reg` request. Returns the content of the answer. */
  handle(link: Link, stanza: BinaryNode): { content?: BinaryNode[] } | undefined {
    const subject = child(stanza, "link_code_companion_reg");
    if (subject?.attrs["stage"] === "companion_hello") return this.#hello(link, subject);
    if (subject?.attrs["stage"] !== "companion_finish") return undefined;
    this.#byLink.get(link)?.finish?.(subject);
    return {};
  }

  /** Whether a client waits for the code that this number's phone would get. */
  waitsFor(phone: string): boolean {
    return this.#requestOf(phone) !== undefined;
  }

  /** The phone of `account` has the code typed in. Resolves once the client is linked. Throws PairingError. */
  async enter(account: Account, code: string): Promise<Companion> {
    const request = this.#requestOf(account.number);
    if (!request) throw new PairingError("expired", "No client waits for a code of this number.");
    const { candidate, wrapped, ref } = request;
    const theirKey = await derive(code, wrapped.subarray(0, 32), ITERATIONS, 32, "sha256");
    const companionEphemeral = aesCtr(theirKey, wrapped.subarray(32, 48), wrapped.subarray(48));
    const ephemeral = generateKeyPair();
    const salt = randomBytes(32);
    const iv = randomBytes(16);
    const ourKey = await derive(code, salt, ITERATIONS, 32, "sha256");
    const identity = account.phone.signal.identity;
    const finished = this.#finishOf(request);
    candidate.link.send(
      node(
        "notification",
        { from: "s.whatsapp.net", type: "link_code_companion_reg", id: ref.toString("hex"), t: "0" },
        [
          node("link_code_companion_reg", { stage: "primary_hello" }, [
            node(
              "link_code_pairing_wrapped_primary_ephemeral_pub",
              {},
              Buffer.concat([salt, iv, aesCtr(ourKey, iv, ephemeral.public)]),
            ),
            node("primary_identity_pub", {}, identity.public),
            node("link_code_pairing_ref", {}, ref),
          ]),
        ],
      ),
    );
    const bundle = bytesOf(child(await finished, "link_code_pairing_wrapped_key_bundle"));
    const shared = sharedSecret(ephemeral.private, companionEphemeral);
    const random = bundle && openBundle(bundle, shared, candidate.keys.identity, identity.public);
    if (!random) throw new PairingError("key_mismatch", "The code is not the one that the client shows.");
    const secret = Buffer.concat([shared, sharedSecret(identity.private, candidate.keys.identity), random]);
    const advSecret = Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(0), "adv_secret", 32));
    return this.#pairing.link(account, candidate, advSecret);
  }

  /** The connection is gone. */
  withdraw(link: Link): void {
    this.#byLink.get(link)?.fail?.(new PairingError("refused_by_client", "The client closed the connection."));
    this.#byLink.delete(link);
  }

  #requestOf(number: string): Request | undefined {
    return [...this.#byLink.values()].findLast(({ phone }) => phone === number);
  }

  #hello(link: Link, subject: BinaryNode): { content: BinaryNode[] } | undefined {
    const phone = tryParsePersonJid(subject.attrs["jid"])?.phone;
    const candidate = this.#pairing.candidateOf(link);
    const wrapped = bytesOf(child(subject, "link_code_pairing_wrapped_companion_ephemeral_pub"));
    const noise = bytesOf(child(subject, "companion_server_auth_key_pub"));
    if (phone === undefined || !candidate || wrapped?.length !== 80 || !noise?.equals(candidate.keys.noise)) {
      return undefined;
    }
    const ref = randomBytes(16);
    this.#byLink.set(link, { phone, candidate, wrapped, ref, finish: undefined, fail: undefined });
    return {
      content: [
        node("link_code_companion_reg", { stage: "companion_hello" }, [node("link_code_pairing_ref", {}, ref)]),
      ],
    };
  }

  async #finishOf(request: Request): Promise<BinaryNode> {
    const { promise, resolve, reject } = Promise.withResolvers<BinaryNode>();
    request.finish = resolve;
    request.fail = reject;
    const timer = setTimeout(
      () => reject(new PairingError("timeout", "The client did not answer; the code may be wrong.")),
      FINISH_TIMEOUT_MS,
    );
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      request.finish = undefined;
      request.fail = undefined;
    }
  }
}

/** The random part of the key bundle, when the bundle was made with this secret for these identities. */
function openBundle(bundle: Buffer, shared: Buffer, companion: Buffer, primary: Buffer): Buffer | undefined {
  const key = Buffer.from(hkdfSync("sha256", shared, bundle.subarray(0, 32), BUNDLE_INFO, 32));
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, bundle.subarray(32, 44));
    decipher.setAuthTag(bundle.subarray(-16));
    const plain = Buffer.concat([decipher.update(bundle.subarray(44, -16)), decipher.final()]);
    const fits =
      plain.length === 96 && plain.subarray(0, 32).equals(companion) && plain.subarray(32, 64).equals(primary);
    return fits ? plain.subarray(64) : undefined;
  } catch {
    return undefined; // made with another code
  }
}

function aesCtr(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Buffer {
  const cipher = createCipheriv("aes-256-ctr", key, iv);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}
