import type { InboundJournal, InboundMessage, JournalWrite, StanzaKey } from "../src/ports.ts";

/** A journal in memory that can be looked into, and told what has been stored. */
export class MemoryJournal implements InboundJournal {
  readonly rows: (JournalWrite & { no: number })[] = [];
  readonly tries = new Map<string, StanzaKey & { tries: number }>();
  readonly expected: { stub: InboundMessage; dueMs: number }[] = [];
  /** WhatsApp ids of the ciphertexts that were answered from here. */
  readonly answered: string[] = [];

  /** Part of a commit of keys. */
  write(entries: JournalWrite[]): void {
    for (const entry of entries) {
      if (!this.rows.some((row) => sameStanza(row, entry) && row.part === entry.part))
        this.rows.push({ ...entry, no: this.rows.length + 1 });
    }
  }

  copy(): MemoryJournal {
    const copy = new MemoryJournal();
    for (const row of this.rows) copy.rows.push({ ...row });
    for (const [name, entry] of this.tries) copy.tries.set(name, { ...entry });
    return copy;
  }

  async read(key: StanzaKey, part: string): Promise<string | null> {
    const found = this.rows.find((row) => sameStanza(row, key) && row.part === part);
    if (found) this.answered.push(key.waMessageId);
    return Promise.resolve(found?.value ?? null);
  }

  async waiting(after: number): ReturnType<InboundJournal["waiting"]> {
    const rows = this.rows.filter(({ waiting, no }) => waiting && no > after).map((row) => ({ ...row }));
    return Promise.resolve({ rows, tries: [...this.tries.values()] });
  }

  async begin(key: StanzaKey): Promise<void> {
    const { chat, participant, waMessageId } = key;
    const tries = (this.tries.get(waMessageId)?.tries ?? 0) + 1;
    this.tries.set(waMessageId, { chat, participant, waMessageId, tries });
    return Promise.resolve();
  }

  async expect(_key: StanzaKey, stub: InboundMessage, dueMs: number): Promise<void> {
    this.expected.push({ stub, dueMs });
    return Promise.resolve();
  }

  async settle(key: StanzaKey): Promise<void> {
    this.tries.delete(key.waMessageId);
    for (const row of this.rows) if (sameStanza(row, key)) row.waiting = false;
    return Promise.resolve();
  }
}

function sameStanza(one: StanzaKey, other: StanzaKey): boolean {
  return one.chat === other.chat && one.participant === other.participant && one.waMessageId === other.waMessageId;
}
