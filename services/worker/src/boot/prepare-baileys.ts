import { ConfigError } from "@flotilla/shared/runtime/load-config";
import type { Logger } from "@flotilla/shared/runtime/logger";
import { captureLibraryConsole } from "./capture-console.ts";
import { installKeyTransactionCure } from "./key-transaction-context.ts";
import type { Baileys } from "./library.ts";
import { makeKeyPairsAhead } from "./make-key-pairs-ahead.ts";
import { decideRootKey, type NetworkSettings } from "./root-key.ts";
import { checkLibrary } from "./self-checks.ts";
import { removeSharedSignalQueue } from "./signal-turns.ts";
import { verifySignature } from "./verify-signature.ts";
import { wrapRawKeys } from "./wrap-raw-keys.ts";

/** Something about the library makes it unsafe to open any link: the worker must not start. */
class UnsafeLibrary extends Error {
  override readonly name = "UnsafeLibrary";
}

let prepared: Promise<Baileys> | undefined;

/**
 * Patches what must be patched, then imports Baileys, then proves that every patch works. The only place that imports the
 * library as a value, so the order is certain. Once for each process: a second call gets the first one's result.
 *
 * @throws ConfigError when the root key must not be used here; UnsafeLibrary when a self-check fails
 */
export function prepareBaileys(options: { network: NetworkSettings; logger: Logger }): Promise<Baileys> {
  prepared ??= prepare(options);
  return prepared;
}

async function prepare({ network, logger }: { network: NetworkSettings; logger: Logger }): Promise<Baileys> {
  const root = decideRootKey(network);
  if (root.kind === "refuse") throw new ConfigError(new Map([["WHATSAPP_ROOT_KEY", root.advice]]));
  captureLibraryConsole(logger);
  installKeyTransactionCure();
  removeSharedSignalQueue();
  wrapRawKeys();
  makeKeyPairsAhead();
  const baileys = await import("@whiskeysockets/baileys");
  // The library's own check throws its result away, so every signature of 64 bytes would pass; it is also pure JavaScript.
  baileys.Curve.verify = verifySignature;
  if (root.kind === "replace") {
    baileys.WA_CERT_DETAILS.PUBLIC_KEY = root.publicKey;
    logger.warn(`Trusting the root key of a simulated WhatsApp network at ${root.host}`);
  }
  const failures = await checkLibrary(baileys);
  if (failures.length > 0) throw new UnsafeLibrary(`the WhatsApp library is not safe to use: ${failures.join("; ")}`);
  return baileys;
}
