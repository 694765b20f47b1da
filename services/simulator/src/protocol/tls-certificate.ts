import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";
import { bits, explicit, implicit, integer, octets, oid, sequence, set, text, time, truth } from "./der.ts";

/** PEM texts for a TLS server. */
export interface TlsCertificate {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;
const ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));

/**
 * A self-signed certificate for these host names and addresses, valid for ten years from yesterday. It is its own
 * authority: a client that is given it as a trusted CA (`NODE_EXTRA_CA_CERTS`) accepts the server.
 */
export function createTlsCertificate(hosts: readonly string[], now: Date): TlsCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(set(sequence(oid("2.5.4.3"), text("Simulated WhatsApp network"))));
  const extensions = sequence(
    sequence(oid("2.5.29.19"), truth(), octets(sequence(truth()))),
    sequence(oid("2.5.29.17"), octets(sequence(...hosts.map(alternativeName)))),
  );
  const content = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    ECDSA_SHA256,
    name,
    sequence(time(new Date(now.getTime() - DAY_MS)), time(new Date(now.getTime() + 3650 * DAY_MS))),
    name,
    publicKey.export({ format: "der", type: "spki" }),
    explicit(3, extensions),
  );
  const certificate = sequence(content, ECDSA_SHA256, bits(sign("sha256", content, privateKey)));
  const lines = certificate
    .toString("base64")
    .replaceAll(/(.{64})/g, "$1\n")
    .trim();
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  };
}

function alternativeName(host: string): Buffer {
  switch (isIP(host)) {
    case 4:
      return implicit(7, Buffer.from(host.split(".").map(Number)));
    case 6:
      return implicit(7, ipv6Bytes(host));
    default:
      return implicit(2, Buffer.from(host));
  }
}

function ipv6Bytes(host: string): Buffer {
  const [head = "", tail] = host.split("::");
  const groups = (part: string): number[] => (part === "" ? [] : part.split(":").map((group) => Number(`0x${group}`)));
  const before = groups(head);
  const after = groups(tail ?? "");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  const bytes = Buffer.alloc(16);
  [...before, ...zeros, ...after].forEach((group, index) => bytes.writeUInt16BE(group, index * 2));
  return bytes;
}
