import { createHash } from "node:crypto";

/** Encrypted files by direct path. Bounded in bytes: the oldest are forgotten, as real servers do after weeks. */
export class MediaStore {
  readonly #capacity: number;
  readonly #files = new Map<string, Buffer>();
  #bytes = 0;

  /** `capacity`: bytes kept over all files. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get files(): number {
    return this.#files.size;
  }

  /** Keeps a file and returns its direct path; the same bytes have the same path. A file beyond the capacity is lost. */
  put(ciphertext: Buffer): string {
    const path = `/v/${createHash("sha256").update(ciphertext).digest("base64url")}`;
    this.forget(path);
    this.#files.set(path, ciphertext);
    this.#bytes += ciphertext.length;
    for (const oldest of this.#files.keys()) {
      if (this.#bytes <= this.#capacity) break;
      this.forget(oldest);
    }
    return path;
  }

  /** The file of a direct path, with or without its query. */
  get(path: string): Buffer | undefined {
    return this.#files.get(path.replace(/\?.*$/, ""));
  }

  forget(path: string): void {
    this.#bytes -= this.#files.get(path)?.length ?? 0;
    this.#files.delete(path);
  }

  clear(): void {
    this.#files.clear();
    this.#bytes = 0;
  }
}
