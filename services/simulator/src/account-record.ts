import { BufferJSON } from "@whiskeysockets/baileys";
import { z } from "zod";
import { Companion } from "./accounts.ts";
import type { Directory } from "./directory.ts";
import { behaviourPatchSchema } from "./people/behaviour.ts";
import { lidGeneration, setLidGeneration } from "./protocol/jid.ts";
import type { BinaryNode } from "./protocol/node.ts";

const buffer = z.instanceof(Buffer);
const publicKey = z.object({ id: z.number(), public: buffer });
const stanza = z.custom<BinaryNode>((value) => typeof value === "object" && value !== null && "tag" in value);

const companionRecord = z.object({
  device: z.number(),
  linked_at: z.string(),
  bootstrapped: z.boolean(),
  signed_identity: buffer,
  keys: z.object({
    noise: buffer,
    identity: buffer,
    registrationId: z.number(),
    signedPreKey: publicKey.extend({ signature: buffer }),
    oneTimeKeys: z.array(publicKey),
  }),
  queue: z.array(stanza),
});

const accountRecord = z.object({
  number: z.string(),
  name: z.string(),
  about: z.string(),
  next_device: z.number(),
  behaviour: behaviourPatchSchema,
  lid_generation: z.int().min(0).default(0),
  blocked: z.array(z.string()),
  privacy: z.array(z.tuple([z.string(), z.string()])).default([]),
  app_state: z.array(z.tuple([z.string(), z.object({ version: z.number(), patches: z.array(buffer) })])),
  signal: z.object({ next_pre_key_id: z.number(), sessions: z.array(z.tuple([z.string(), z.unknown()])) }),
  sender_keys: z.array(z.tuple([z.string(), z.string()])).default([]),
  companions: z.array(companionRecord),
});

/** One line of text that holds all of an account that must outlive the process; null when there is no such account. */
export function writeAccount(accounts: Directory, number: string): string | null {
  const account = accounts.tryGet(number);
  if (!account) return null;
  const record: z.input<typeof accountRecord> = {
    number,
    name: account.name,
    about: account.about,
    next_device: account.nextDevice,
    behaviour: account.behaviour,
    lid_generation: lidGeneration(number),
    blocked: [...account.blocked],
    privacy: [...account.privacy],
    app_state: [...account.appState],
    signal: account.phone.signal.save(),
    sender_keys: account.phone.senderKeys.save(),
    companions: [...account.companions.values()].map((companion) => ({
      device: companion.address.device,
      linked_at: companion.linkedAt,
      bootstrapped: companion.bootstrapped,
      signed_identity: companion.signedIdentity,
      keys: companion.keys,
      queue: companion.queue.pending(),
    })),
  };
  return JSON.stringify(record, BufferJSON.replacer);
}

/** Takes an account back from its line. Throws when the line is not one. */
export function readAccount(accounts: Directory, line: string): void {
  const record = accountRecord.parse(JSON.parse(line, BufferJSON.reviver));
  const account = accounts.get(record.number);
  account.name = record.name;
  account.about = record.about;
  account.nextDevice = record.next_device;
  account.behaviour = record.behaviour;
  setLidGeneration(record.number, record.lid_generation);
  for (const phone of record.blocked) account.blocked.add(phone);
  for (const [name, value] of record.privacy) account.privacy.set(name, value);
  for (const [name, collection] of record.app_state) account.appState.set(name, collection);
  account.phone.signal.load(record.signal);
  account.phone.senderKeys.load(record.sender_keys);
  for (const saved of record.companions) {
    const companion = new Companion({
      address: { phone: record.number, device: saved.device },
      keys: saved.keys,
      signedIdentity: saved.signed_identity,
      linkedAt: saved.linked_at,
    });
    companion.bootstrapped = saved.bootstrapped;
    for (const waiting of saved.queue) companion.queue.push(waiting);
    account.companions.set(saved.device, companion);
  }
}
