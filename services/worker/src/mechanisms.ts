/**
 * Parts that can be switched off, one at a time, to show that a run of `npm run chaos` notices when they are missing.
 * Read from `FLOTILLA_WITHOUT`, and refused outside of a simulated network (`config.ts`).
 *
 * - persist-before-send: the library's own Signal repository; ratchets are stored after the bytes have left.
 * - journal: what was decrypted is stored only when its message is; a crash in between loses it.
 * - fence: no deadline, no gate, no watchdog, and commits under whatever owner and epoch the shard has now.
 * - stable-ids: a repeat goes out under a new random WhatsApp id.
 * - stalled-limit: BullMQ's own limit, which gives a job up when its second worker has died.
 */
export const mechanisms = ["persist-before-send", "journal", "fence", "stable-ids", "stalled-limit"] as const;
export type Mechanism = (typeof mechanisms)[number];

let off: Mechanism | null = null;

/** Once, at the start of the process. Null: everything works. */
export function switchOff(mechanism: Mechanism | null): void {
  off = mechanism;
}

export function isOff(mechanism: Mechanism): boolean {
  return off === mechanism;
}
