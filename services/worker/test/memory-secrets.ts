import {
  type Claim,
  ClaimRefused,
  type JournalWrite,
  type KeyWrite,
  type LinkIdentity,
  type SecretStore,
} from "../src/ports.ts";
import { MemoryJournal } from "./memory-journal.ts";

/** A secret store in memory that remembers how it was written to, and can be told to fail. */
export class MemorySecrets implements SecretStore {
  credentials: string | null = null;
  identity: (LinkIdentity & { paired?: boolean }) | undefined;
  readonly keys = new Map<string, string>();
  journal = new MemoryJournal();
  /** Every commit: its rows and what came along. */
  readonly commits: { types: string[]; claim: Claim | undefined; journal: JournalWrite[] }[] = [];
  /** Says what is to happen to a write; the default takes it. */
  onWrite: (writes: KeyWrite[], claim: Claim | undefined, journal: JournalWrite[]) => "take" | "refuse_claim" | Error =
    () => "take";
  /** Called when a write has been taken, before whoever asked for it hears so. */
  onTaken: (types: string[], journal: JournalWrite[]) => void = () => {};

  /** What a process that dies now leaves behind. */
  committedCopy(): MemorySecrets {
    const copy = new MemorySecrets();
    copy.credentials = this.credentials;
    for (const [name, value] of this.keys) copy.keys.set(name, value);
    copy.journal = this.journal.copy();
    return copy;
  }

  async readKeys(type: string, keyIds: string[]): Promise<Map<string, string>> {
    await Promise.resolve();
    return new Map(
      keyIds.flatMap((id) => [this.keys.get(`${type}/${id}`)].flatMap((row) => (row ? [[id, row] as const] : []))),
    );
  }

  async writeKeys(writes: KeyWrite[], claim?: Claim, journal: JournalWrite[] = []): Promise<void> {
    const verdict = this.onWrite(writes, claim, journal);
    await Promise.resolve();
    if (verdict instanceof Error) throw verdict;
    for (const { type, keyId, value } of writes) {
      if (value === null) this.keys.delete(`${type}/${keyId}`);
      else this.keys.set(`${type}/${keyId}`, value);
    }
    this.journal.write(journal);
    const types = [...new Set(writes.map(({ type }) => type)), ...(journal.length > 0 ? ["inbound-journal"] : [])];
    this.commits.push({ types, claim, journal });
    this.onTaken(types, journal);
    if (verdict === "refuse_claim") throw new ClaimRefused("canceled");
  }

  async writeCredentials(sealed: string, identity?: LinkIdentity & { paired?: boolean }): Promise<void> {
    await Promise.resolve();
    this.credentials = sealed;
    this.identity = { ...this.identity, ...identity };
  }
}
