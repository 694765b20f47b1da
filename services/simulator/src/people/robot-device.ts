import type { Envelope } from "../envelope.ts";
import { node, uintBytes } from "../protocol/node.ts";
import { RecentMap } from "../recent-map.ts";
import { openMessage } from "./open-message.ts";
import type { PhoneWorld } from "./phone-world.ts";
import { SenderKeys } from "./sender-keys.ts";
import { SignalStore } from "./signal-store.ts";

const FIRST_DEVICE = 60;
const REMEMBERED_IDS = 1_000;

/** Device numbers of a person's robot companions: above those that real clients get when they are linked. */
export function robotDevices(count: number): number[] {
  return Array.from({ length: count }, (_, index) => FIRST_DEVICE + index);
}

/**
 * A linked device of a simulated person: it decrypts its copy of every message and confirms delivery, as WhatsApp Web
 * in a forgotten browser tab does. What the person sees and answers is left to the phone.
 */
export class RobotDevice {
  readonly signal: SignalStore;
  readonly #senderKeys = new SenderKeys(() => undefined);
  readonly #phone: string;
  readonly #device: number;
  readonly #world: PhoneWorld;
  readonly #attempts = new RecentMap<string, number>(REMEMBERED_IDS);

  constructor(phone: string, device: number, world: PhoneWorld) {
    this.#phone = phone;
    this.#device = device;
    this.#world = world;
    this.signal = new SignalStore(world.secret, `${phone}:${device}`, () => undefined);
  }

  /** A copy has reached this device. */
  async receive(envelope: Envelope): Promise<void> {
    const behaviour = this.#world.behaviourOf(this.#phone);
    if (behaviour.crypto === "decrypt") {
      try {
        await openMessage(envelope, this.signal, this.#senderKeys);
      } catch (error) {
        this.#world.logger.debug({ error, device: this.#device }, "A copy on a companion does not decrypt");
        this.#askAgain(envelope);
        return;
      }
    }
    if (envelope.ownCopy || envelope.peer) return;
    this.#world.scheduler.after(behaviour.delivered_after_ms, () => this.#receipt(envelope));
  }

  #askAgain(envelope: Envelope): void {
    const { id, t } = envelope;
    const count = (this.#attempts.get(id) ?? 0) + 1;
    this.#attempts.set(id, count);
    if (count > 5) return; // real clients give up after five tries
    this.#receipt(envelope, "retry", [
      node("retry", { count: String(count), id, t: String(t), v: "1", error: "0" }),
      node("registration", {}, uintBytes(this.signal.registrationId, 4)),
    ]);
  }

  #receipt({ id, sender, chat }: Envelope, type?: string, content?: ReturnType<typeof node>[]): void {
    const t = Math.floor(this.#world.now().getTime() / 1000);
    const from = { phone: this.#phone, device: this.#device };
    this.#world.carryReceipt({ ids: [id], from, to: sender, type, chat, t, content });
  }
}
