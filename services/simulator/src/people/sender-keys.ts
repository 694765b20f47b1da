import { BufferJSON } from "@whiskeysockets/baileys";
import {
  GroupCipher,
  GroupSessionBuilder,
  SenderKeyDistributionMessage,
  SenderKeyName,
  SenderKeyRecord,
} from "@whiskeysockets/baileys/lib/Signal/Group/index.js";

/** Sender keys as JSON: the name of each, and its states. */
export type SavedSenderKeys = [string, string][];

/**
 * The sender keys of one phone: its own of each group it writes to, and those that members of its groups gave it.
 * The group cipher is the client library's own, which is the one its peers use.
 */
export class SenderKeys {
  readonly #records = new Map<string, SenderKeyRecord>();
  readonly #changed: () => void;

  /** `changed` is called after every change that a snapshot should hold. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** The message that gives others the key with which this author (`<lid>_1.<device>`) writes to the group from now on. */
  async distribution(group: string, author: string): Promise<Buffer> {
    return Buffer.from((await new GroupSessionBuilder(this.#store()).create(nameOf(group, author))).serialize());
  }

  async encrypt(group: string, author: string, plaintext: Uint8Array): Promise<Buffer> {
    return Buffer.from(await new GroupCipher(this.#store(), nameOf(group, author)).encrypt(plaintext));
  }

  /** Takes the key that an author gave out. Throws on anything else. */
  async learn(group: string, author: string, distribution: Uint8Array): Promise<void> {
    const message = new SenderKeyDistributionMessage(null, null, null, null, distribution);
    await new GroupSessionBuilder(this.#store()).process(nameOf(group, author), message);
  }

  /** Throws without the author's key, on a message decrypted before, and on a damaged one. */
  async decrypt(group: string, author: string, ciphertext: Uint8Array): Promise<Buffer> {
    return Buffer.from(await new GroupCipher(this.#store(), nameOf(group, author)).decrypt(ciphertext));
  }

  /** Makes the next message need a new key: after somebody has left, who must not read on. */
  forget(group: string, author: string): void {
    this.#records.delete(nameOf(group, author).toString());
  }

  clear(): void {
    this.#records.clear();
  }

  save(): SavedSenderKeys {
    return [...this.#records].map(([name, record]) => [name, JSON.stringify(record.serialize(), BufferJSON.replacer)]);
  }

  load(saved: SavedSenderKeys): void {
    for (const [name, record] of saved) this.#records.set(name, SenderKeyRecord.deserialize(Buffer.from(record)));
  }

  #store(): ConstructorParameters<typeof GroupSessionBuilder>[0] {
    return {
      loadSenderKey: async (name) => this.#records.get(name.toString()) ?? new SenderKeyRecord(),
      storeSenderKey: async (name, record) => {
        this.#records.set(name.toString(), record);
        this.#changed();
      },
    };
  }
}

function nameOf(group: string, author: string): SenderKeyName {
  const dot = author.lastIndexOf(".");
  const id = author.slice(0, dot);
  return new SenderKeyName(group, { id, deviceId: Number(author.slice(dot + 1)), toString: () => author });
}
