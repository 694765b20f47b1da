const INTRO = Buffer.from([0x57, 0x41, 6, 3]);
const ROUTED = Buffer.from("ED", "latin1");
const ROUTING_HEADER_BYTES = 7;

/** The four bytes that open the stream and start the Noise hash: "WA", 6, dictionary version 3. */
export const streamIntro: Buffer = INTRO;

/** What arrived is not a WhatsApp stream; the connection cannot be saved. */
export class FramingError extends Error {
  override name = "FramingError";
}

/** A payload, in one or more parts, with its 3-byte length. Throws FramingError beyond 16 MiB, which the length cannot express. */
export function frame(...parts: Uint8Array[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  if (length > 0xffffff) throw new FramingError(`payload of ${length} bytes does not fit a frame`);
  const framed = Buffer.allocUnsafe(length + 3);
  let end = framed.writeUIntBE(length, 0, 3);
  for (const part of parts) {
    framed.set(part, end);
    end += part.length;
  }
  return framed;
}

/**
 * Cuts the byte stream of one connection into frames.
 * A WebSocket message may hold several frames or part of one. The first bytes must be the intro, which may follow a
 * routing prefix ("ED", version, length) once the server gave routing information.
 */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);
  #introduced = false;
  readonly #maxBytes: number;

  /** `maxBytes`: a longer frame is refused before it is collected. */
  constructor(maxBytes = 4 * 1024 * 1024) {
    this.#maxBytes = maxBytes;
  }

  /** The frames completed by these bytes, in order. Throws FramingError on a bad intro or an oversized frame. */
  push(bytes: Buffer): Buffer[] {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    if (!this.#introduced && !this.#readIntro()) return [];
    const frames: Buffer[] = [];
    while (this.#pending.length >= 3) {
      const length = this.#pending.readUIntBE(0, 3);
      if (length > this.#maxBytes) throw new FramingError(`frame of ${length} bytes is too long`);
      if (this.#pending.length < length + 3) break;
      frames.push(this.#pending.subarray(3, length + 3));
      this.#pending = this.#pending.subarray(length + 3);
    }
    return frames;
  }

  #readIntro(): boolean {
    let start = 0;
    if (startsLike(this.#pending, ROUTED)) {
      if (this.#pending.length < ROUTING_HEADER_BYTES) return false;
      start = ROUTING_HEADER_BYTES + this.#pending.readUIntBE(4, 3);
      if (start > this.#maxBytes) throw new FramingError("routing prefix is too long");
    }
    const rest = this.#pending.subarray(start);
    if (rest.length < INTRO.length) {
      if (start === 0 && !startsLike(rest, INTRO)) throw new FramingError("the stream does not start with WA");
      return false;
    }
    if (!rest.subarray(0, INTRO.length).equals(INTRO)) throw new FramingError("the stream does not start with WA");
    this.#pending = rest.subarray(INTRO.length);
    this.#introduced = true;
    return true;
  }
}

function startsLike(bytes: Buffer, prefix: Buffer): boolean {
  const length = Math.min(bytes.length, prefix.length);
  return length > 0 && bytes.subarray(0, length).equals(prefix.subarray(0, length));
}
