import { BufferJSON } from "@whiskeysockets/baileys";
import { generateKeyPair } from "../../src/protocol/keys.ts";
import type { Snapshot } from "../../src/snapshot.ts";
import { post } from "./control.ts";

/** An account with one linked device, which logs in with this Noise key (base64). */
export interface LinkedAccount {
  readonly phone: string;
  readonly private: string;
  readonly public: string;
}

/** Links so many devices at once, by restoring a snapshot of them: what is measured is not the pairing. */
export async function linkAccounts(controlUrl: string, count: number): Promise<LinkedAccount[]> {
  const made = Array.from({ length: count }, (_, index) => {
    const noise = generateKeyPair();
    const phone = String(15_590_000_000 + index);
    return { phone, private: noise.private.toString("base64"), public: noise.public.toString("base64") };
  });
  const snapshot = (await post(`${controlUrl}/sim/v1/snapshot`)) as Snapshot;
  await post(`${controlUrl}/sim/v1/restore`, { ...snapshot, accounts: made.map(accountLine) });
  return made;
}

/** An account with one device that needs nothing more than to log in. */
function accountLine({ phone, public: noise }: LinkedAccount): string {
  const key = (id: number) => ({ id, public: Buffer.from(generateKeyPair().public) });
  const keys = {
    noise: Buffer.from(noise, "base64"),
    identity: Buffer.alloc(32, 1),
    registrationId: 1,
    signedPreKey: { ...key(1), signature: Buffer.alloc(64) },
    oneTimeKeys: Array.from({ length: 10 }, (_, index) => key(index + 1)),
  };
  const device = { device: 1, linked_at: "", bootstrapped: true, signed_identity: Buffer.alloc(0), keys, queue: [] };
  const record = {
    number: phone,
    name: "load",
    about: "",
    next_device: 2,
    behaviour: {},
    lid_generation: 0,
    blocked: [],
    app_state: [],
    signal: { next_pre_key_id: 1, sessions: [] },
    companions: [device],
  };
  return JSON.stringify(record, BufferJSON.replacer);
}
