import { BufferJSON } from "@whiskeysockets/baileys";
import type { Envelope } from "./envelope.ts";
import type { SavedFaults } from "./faults.ts";
import type { LedgerRow, SavedLedger } from "./ledger.ts";
import { AccountLimits, type SavedLimits } from "./limits.ts";
import type { Network } from "./network.ts";
import type { SavedRules } from "./people/behaviour-rules.ts";

/** A part of what outlives the process, beside accounts and groups: a file of lines. */
export interface LastingPart {
  readonly file: string;
  /** Changes when the part has; undefined: written only at an orderly end. */
  version(): string | number | undefined;
  write(): Iterable<string>;
  /** Throws on lines that `write` did not make. */
  read(lines: readonly string[]): void;
}

/** Rows of the ledger that a restart remembers; the counts are of everything. */
const SAVED_ROWS = 100_000;

/** Rules, faults and limits; messages for phones that are away; the ledger. */
export function lastingParts(network: Network): LastingPart[] {
  return [conditions(network), waitingMessages(network), ledger(network)];
}

function conditions({ rules, faults, limits }: Network): LastingPart {
  const text = (): string => {
    const saved = [...limits].map(([phone, each]): [string, SavedLimits] => [phone, each.save()]);
    return JSON.stringify({ rules: rules.save(), faults: faults.save(), limits: saved });
  };
  return {
    file: "conditions.json",
    version: text,
    write: () => [text()],
    read: ([line = ""]) => {
      const saved = JSON.parse(line) as { rules: SavedRules; faults: SavedFaults; limits: [string, SavedLimits][] };
      rules.load(saved.rules);
      faults.load(saved.faults);
      for (const [phone, each] of saved.limits) limits.set(phone, AccountLimits.load(each));
    },
  };
}

function waitingMessages({ waiting }: Network): LastingPart {
  return {
    file: "waiting.ndjson",
    version: () => waiting.version,
    *write() {
      for (const [phone, envelopes] of waiting.all()) {
        for (const envelope of envelopes) yield JSON.stringify({ phone, envelope }, BufferJSON.replacer);
      }
    },
    read: (lines) => {
      for (const line of lines) {
        const { phone, envelope } = JSON.parse(line, BufferJSON.reviver) as { phone: string; envelope: Envelope };
        waiting.add(phone, envelope);
      }
    },
  };
}

/** Written at an orderly end only: after a kill the ledger starts empty, and says so by its counts. */
function ledger({ ledger: kept }: Network): LastingPart {
  return {
    file: "ledger.ndjson",
    version: () => undefined,
    *write() {
      const { rows, ...counts } = kept.save(SAVED_ROWS);
      yield JSON.stringify(counts);
      for (const row of rows) yield JSON.stringify(row);
    },
    read: ([counts = "", ...rows]) => {
      const saved = JSON.parse(counts) as Omit<SavedLedger, "rows">;
      kept.load({ ...saved, rows: rows.map((row) => JSON.parse(row) as LedgerRow) });
    },
  };
}
