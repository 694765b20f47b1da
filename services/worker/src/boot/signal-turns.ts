import { requireFromBaileys } from "./library-module.ts";

type Job = () => Promise<unknown>;

let installed = false;

/**
 * Takes away libsignal's queue, which makes all accounts of the process that write to one person wait for each other and
 * runs their work in the async context of whoever came first. Our repository (`adapters/whatsapp/signal-repository.ts`)
 * takes turns itself, for each account alone and by the resolved address.
 *
 * Must run before Baileys is imported: libsignal's modules keep the function they found when they were loaded.
 *
 * @throws Error when libsignal is not where Baileys would find it
 */
export function removeSharedSignalQueue(): void {
  if (installed) return;
  const fromBaileys = requireFromBaileys();
  const path = fromBaileys.resolve("libsignal/src/queue_job.js");
  if (fromBaileys.cache[fromBaileys.resolve("libsignal/src/session_cipher.js")]) {
    throw new Error("libsignal was loaded before its queue could be replaced");
  }
  fromBaileys(path);
  const module = fromBaileys.cache[path];
  if (module === undefined) throw new Error("libsignal's queue is not in the module cache");
  module.exports = (_address: string, job: Job) => job();
  installed = true;
}
