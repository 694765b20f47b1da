import { createHash } from "node:crypto";

/** Encrypted files by direct path. Bounded in bytes: the oldest are forgotten, as real servers do after weeks. */
export class MediaStore {
  readonly #capacity: number;
  readonly #files = new Map<string, Buffer>();
  /** Paths that the server no longer serves although phones still have the file. */
  readonly #withdrawn = new Set<string>();
  #bytes = 0;
  #reuploads = 0;

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
    const name = path.replace(/\?.*$/, "");
    return this.#withdrawn.has(name) ? undefined : this.#files.get(name);
  }

  /** The server loses a file that phones still have: readers get 404 until a phone uploads it again. */
  withdraw(path: string): void {
    if (this.#files.has(path)) this.#withdrawn.add(path);
  }

  /** A phone uploads a file again that it still has; the new direct path, or undefined when it is gone for good. */
  uploadAgain(path: string): string | undefined {
    const file = this.#files.get(path);
    if (!file) return undefined;
    this.forget(path);
    const fresh = `${path.replace(/~\d+$/, "")}~${++this.#reuploads}`;
    this.#files.set(fresh, file);
    this.#bytes += file.length;
    return fresh;
  }

  forget(path: string): void {
    this.#bytes -= this.#files.get(path)?.length ?? 0;
    this.#files.delete(path);
    this.#withdrawn.delete(path);
  }

  clear(): void {
    this.#files.clear();
    this.#withdrawn.clear();
    this.#bytes = 0;
  }
}
