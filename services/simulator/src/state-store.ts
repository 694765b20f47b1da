import { randomBytes } from "node:crypto";
import { appendFile, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { z } from "zod";
import { readAccount, writeAccount } from "./account-record.ts";
import type { Directory } from "./directory.ts";
import type { GroupDirectory } from "./groups/group-directory.ts";
import { readGroup, writeGroup } from "./groups/group-record.ts";
import type { LastingPart } from "./lasting-state.ts";
import type { TlsCertificate } from "./protocol/tls-certificate.ts";

const FLUSH_EVERY_MS = 2_000;
const LINES_PER_APPEND = 200;

/**
 * Accounts on disk: `secret.json` with the network's secret, `accounts.ndjson` with a line for each change of an
 * account, of which the last one counts. The file is rewritten, with one line an account, at the start and at the end;
 * in between changed accounts are appended every two seconds. A kill loses at most that; Signal sessions that fall
 * behind heal by retry receipts, as they do between real phones. `groups.ndjson` holds a line for each group. Each
 * further part has a file of its own, replaced when the part has changed.
 */
export class StateStore {
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #dirty = new Set<string>();
  #accounts: Directory | undefined;
  #groups: GroupDirectory | undefined;
  #groupsDirty = false;
  #parts: readonly LastingPart[] = [];
  readonly #written = new Map<LastingPart, string | number | undefined>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#logger = logger;
  }

  /** The network's secret: from the disk, or fresh and then on the disk. */
  async loadSecret(): Promise<Buffer> {
    const create = (): { secret: string } => ({ secret: randomBytes(32).toString("base64") });
    const { secret } = z.object({ secret: z.base64() }).parse(await this.#loadOrCreate("secret.json", create));
    return Buffer.from(secret, "base64");
  }

  /** The TLS certificate, so that clients who trust it need not be told again after a restart. */
  async loadCertificate(create: () => TlsCertificate): Promise<TlsCertificate> {
    return z.object({ cert: z.string(), key: z.string() }).parse(await this.#loadOrCreate("tls.json", create));
  }

  /** Fills the directory from the disk and keeps the disk up to date from now on. Throws on an unreadable file. */
  async open(accounts: Directory, groups: GroupDirectory, parts: readonly LastingPart[]): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    for (const part of parts) await this.#readPart(part);
    this.#parts = parts;
    for (const line of ((await readIfThere(this.#groupsPath())) ?? "").split("\n")) {
      if (line !== "") groups.put(readGroup(line));
    }
    this.#groups = groups;
    const lines = ((await readIfThere(this.#path())) ?? "").split("\n");
    const last = new Map<string, string>();
    for (const [index, line] of lines.entries()) {
      // Only what a kill cut off in the middle has no line end: the newest line, which then does not count.
      if (line === "" || index === lines.length - 1) continue;
      const number = /^\{"number":"(\d+)"(,"deleted":true)?/.exec(line);
      if (!number?.[1]) throw new Error(`${this.#path()}: line ${index + 1} is not an account`);
      if (number[2]) last.delete(number[1]);
      else last.set(number[1], line);
    }
    for (const line of last.values()) readAccount(accounts, line);
    this.#dirty.clear();
    this.#accounts = accounts;
    await this.#rewrite(accounts);
    this.#timer = setInterval(() => this.#flushSoon(), FLUSH_EVERY_MS);
    if (last.size > 0) this.#logger.info({ accounts: last.size }, "Accounts were restored");
  }

  /** This account has changed. */
  changed(number: string): void {
    this.#dirty.add(number);
  }

  /** Some group has changed. There are few of them, so all are written together. */
  groupsChanged(): void {
    this.#groupsDirty = true;
  }

  /** Writes everything and stops. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    await this.#writeGroups();
    await this.#writeParts(true);
    if (this.#accounts) await this.#rewrite(this.#accounts);
    this.#accounts = undefined;
  }

  #flushSoon(): void {
    this.#writing = this.#writing
      .then(() => this.#flush())
      .then(() => this.#writeGroups())
      .then(() => this.#writeParts(false))
      .catch((error: unknown) => this.#logger.error({ err: error }, "Accounts could not be written"));
  }

  async #flush(): Promise<void> {
    const accounts = this.#accounts;
    if (!accounts) return;
    while (this.#dirty.size > 0) {
      const numbers = [...this.#dirty].slice(0, LINES_PER_APPEND);
      for (const number of numbers) this.#dirty.delete(number);
      const lines = numbers.map((number) => writeAccount(accounts, number) ?? deletion(number));
      await appendFile(this.#path(), `${lines.join("\n")}\n`);
    }
  }

  async #writeGroups(): Promise<void> {
    if (!this.#groupsDirty || !this.#groups) return;
    this.#groupsDirty = false;
    await replaceFile(this.#groupsPath(), this.#groups.all().map(writeGroup));
  }

  async #readPart(part: LastingPart): Promise<void> {
    const path = join(this.#directory, part.file);
    const lines = ((await readIfThere(path)) ?? "").split("\n").filter((line) => line !== "");
    try {
      if (lines.length > 0) part.read(lines);
    } catch (cause) {
      throw new Error(`${path} cannot be read`, { cause });
    }
    this.#written.set(part, part.version());
    // What is written only at the end is true only until the next start: a kill must not bring it back.
    if (part.version() === undefined) await rm(path, { force: true });
  }

  async #writeParts(atTheEnd: boolean): Promise<void> {
    for (const part of this.#parts) {
      const version = part.version();
      if (version === undefined ? !atTheEnd : version === this.#written.get(part)) continue;
      await replaceFile(join(this.#directory, part.file), part.write());
      this.#written.set(part, version);
    }
  }

  async #rewrite(accounts: Directory): Promise<void> {
    this.#dirty.clear();
    await replaceFile(this.#path(), linesOf(accounts));
  }

  async #loadOrCreate(name: string, create: () => unknown): Promise<unknown> {
    await mkdir(this.#directory, { recursive: true });
    const path = join(this.#directory, name);
    const saved = await readIfThere(path);
    if (saved !== undefined) return JSON.parse(saved);
    const fresh = create();
    await replaceFile(path, [JSON.stringify(fresh)]);
    return fresh;
  }

  #groupsPath(): string {
    return join(this.#directory, "groups.ndjson");
  }

  #path(): string {
    return join(this.#directory, "accounts.ndjson");
  }
}

function* linesOf(accounts: Directory): Generator<string> {
  for (const { number } of accounts.all()) {
    const line = writeAccount(accounts, number);
    if (line !== null) yield line;
  }
}

function deletion(number: string): string {
  return JSON.stringify({ number, deleted: true });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The old file stays whole until the new one is complete. */
async function replaceFile(path: string, lines: Iterable<string>): Promise<void> {
  const fresh = `${path}.tmp`;
  const file = await open(fresh, "w", 0o600);
  try {
    let batch = "";
    for (const line of lines) {
      batch += `${line}\n`;
      if (batch.length < 1_000_000) continue;
      await file.write(batch);
      batch = "";
    }
    await file.write(batch);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
}
