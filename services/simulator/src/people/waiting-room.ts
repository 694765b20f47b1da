import type { Envelope } from "../envelope.ts";

const PER_PHONE = 10_000;

/** Messages for phones that are away: kept by the network, in order, until the phone is back. */
export class WaitingRoom {
  readonly #byPhone = new Map<string, Envelope[]>();

  /** Keeps a message; beyond 10,000 for one phone the oldest is lost, as on a phone that never comes back. */
  add(phone: string, envelope: Envelope): void {
    const waiting = this.#byPhone.get(phone);
    if (!waiting) this.#byPhone.set(phone, [envelope]);
    else if (waiting.push(envelope) > PER_PHONE) waiting.shift();
  }

  /** Takes all that waits for this phone, oldest first. */
  take(phone: string): Envelope[] {
    const waiting = this.#byPhone.get(phone) ?? [];
    this.#byPhone.delete(phone);
    return waiting;
  }

  count(phone: string): number {
    return this.#byPhone.get(phone)?.length ?? 0;
  }

  /** Phones for which something waits. */
  phones(): string[] {
    return [...this.#byPhone.keys()];
  }

  clear(): void {
    this.#byPhone.clear();
  }
}
