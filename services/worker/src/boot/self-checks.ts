import { AsyncLocalStorage } from "node:async_hooks";
import { createRequire } from "node:module";
import { setImmediate as nextTurn } from "node:timers/promises";
import { gateRawSend, type RawSocket } from "../adapters/whatsapp/raw-gate.ts";
import { checkInboundJournal } from "./check-inbound-journal.ts";
import { checkPersistBeforeSend } from "./check-persist-before-send.ts";
import { requireFromBaileys } from "./library-module.ts";
import { isOff } from "../mechanisms.ts";
import { type Baileys, pinnedVersion } from "./library.ts";
import { silentLibraryLogger } from "./silent-logger.ts";

/**
 * Proves at start that what we rely on inside the library still holds. Each check makes the fault happen and looks whether
 * it is caught. Returns what does not hold, in words; empty means safe. Takes some 30 ms.
 */
export async function checkLibrary(baileys: Baileys): Promise<string[]> {
  const checks: [string, () => boolean | Promise<boolean>][] = [
    [`its version is not ${pinnedVersion}`, () => installedVersion() === pinnedVersion],
    ["a wrong signature is accepted", () => rejectsWrongSignatures(baileys)],
    ["a finished key transaction stays visible", () => endsKeyTransactions(baileys)],
    ["Signal work runs in a foreign async context", keepsSignalContext],
    ["a frame passes the gate past the lease's deadline", gateHolds],
    [
      "ciphertext exists before its ratchet is stored",
      () => isOff("persist-before-send") || checkPersistBeforeSend(baileys),
    ],
    [
      "what was decrypted is not journaled together with its keys",
      () => isOff("persist-before-send") || checkInboundJournal(baileys),
    ],
  ];
  const failures: string[] = [];
  for (const [fault, holds] of checks) {
    try {
      if (!(await holds())) failures.push(fault);
    } catch (error) {
      failures.push(`${fault} (the check failed: ${error instanceof Error ? error.message : String(error)})`);
    }
  }
  return failures;
}

function installedVersion(): unknown {
  const manifest = createRequire(import.meta.url)("@whiskeysockets/baileys/package.json") as { version?: unknown };
  return manifest.version;
}

function rejectsWrongSignatures({ Curve }: Baileys): boolean {
  const [signer, other] = [Curve.generateKeyPair(), Curve.generateKeyPair()];
  const message = Buffer.from("self-check");
  const signature = Curve.sign(signer.private, message);
  const changed = Buffer.from(signature);
  changed[3]! ^= 1;
  return (
    Curve.verify(signer.public, message, signature) &&
    !Curve.verify(signer.public, message, changed) &&
    !Curve.verify(other.public, message, signature) &&
    !Curve.verify(signer.public, Buffer.from("self-chock"), signature)
  );
}

async function endsKeyTransactions(baileys: Baileys): Promise<boolean> {
  const store = { get: () => ({}), set: () => {} };
  const keys = baileys.addTransactionCapability(store, silentLibraryLogger, {
    maxCommitRetries: 1,
    delayBetweenTriesMs: 0,
  });
  let inside = false;
  const after = Promise.withResolvers<boolean>();
  await keys.transaction(async () => {
    inside = keys.isInTransaction();
    void (async () => {
      await nextTurn();
      await nextTurn();
      after.resolve(keys.isInTransaction());
    })();
    await Promise.resolve();
  }, "self-check");
  return inside && !(await after.promise);
}

/** Two jobs for one address: the second must run in its own context although the first is not done. */
async function keepsSignalContext(): Promise<boolean> {
  const queue = requireFromBaileys()("libsignal/src/queue_job.js") as (
    address: string,
    job: () => Promise<string>,
  ) => Promise<string>;
  const context = new AsyncLocalStorage<string>();
  const job = async (): Promise<string> => {
    await nextTurn();
    return context.getStore() ?? "none";
  };
  const seen = await Promise.all(
    ["first", "second"].map((name) => context.run(name, () => queue("self-check.0", job))),
  );
  return seen.join() === "first,second";
}

function gateHolds(): boolean {
  let [sent, terminated, mayAct] = [0, 0, true];
  const raw: RawSocket = { send: () => void sent++, terminate: () => void terminated++ };
  gateRawSend(raw, { mayAct: () => mayAct, onRefused: () => raw.terminate(), onSent: () => {} });
  raw.send("one");
  mayAct = false;
  raw.send("two");
  return sent === 1 && terminated === 1;
}
