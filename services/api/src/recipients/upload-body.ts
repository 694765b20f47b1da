import { AppError } from "@flotilla/shared/contract/problem";
import { createHash } from "node:crypto";
import { type IncomingMessage } from "node:http";
import { Readable, pipeline } from "node:stream";
import { createGunzip } from "node:zlib";

const mostBytesSent = 64 * 1_024 * 1_024;
const mostBytesUnpacked = 512 * 1_024 * 1_024;

export interface UploadBody {
  /** The bytes, unpacked. Read once; what is not read stays in the socket, so a slow reader slows the sender. */
  bytes: AsyncIterable<Uint8Array>;
  /** SHA-256 of the body as it was sent, once all of it was read. */
  digest: () => string;
}

/**
 * The body of a request as a stream. Throws `unsupported_media_type` for an encoding other than gzip, and while it is read
 * `body_too_large` beyond 64 MiB as sent or 512 MiB unpacked and `wrong_format` for gzip that is none.
 */
export function openUploadBody(request: IncomingMessage): UploadBody {
  const hash = createHash("sha256");
  const encoding = request.headers["content-encoding"] ?? "identity";
  // Leaving the loop early must not destroy the request: the answer goes out over the same socket.
  const sent = limitBytes(request.iterator({ destroyOnReturn: false }), mostBytesSent, (piece) => hash.update(piece));
  const digest = () => hash.copy().digest("hex");
  if (encoding === "identity") return { bytes: sent, digest };
  if (encoding !== "gzip")
    throw new AppError("unsupported_media_type", "Send the file plain or with Content-Encoding: gzip");
  return { bytes: limitBytes(unpack(sent), mostBytesUnpacked), digest };
}

async function* limitBytes(source: AsyncIterable<Uint8Array>, most: number, note?: (piece: Uint8Array) => void) {
  let bytes = 0;
  for await (const piece of source) {
    bytes += piece.length;
    if (bytes > most)
      throw new AppError("body_too_large", `A part takes ${most / 1_024 / 1_024} MiB: send the rest as another part`);
    note?.(piece);
    yield piece;
  }
}

async function* unpack(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // The callback may stay empty: an error of either stream is thrown by reading the last one.
  const unpacked = pipeline(Readable.from(source, { objectMode: false }), createGunzip(), () => undefined);
  try {
    for await (const piece of unpacked) yield piece as Uint8Array;
  } catch (error) {
    if (error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith("Z_"))
      throw new AppError("wrong_format", "The file is not valid gzip", { cause: error });
    throw error;
  }
}
