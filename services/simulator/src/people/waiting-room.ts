import type { Envelope } from "../envelope.ts";

const PER_PHONE = 10_000;

/** Messages for phones that are away: kept by the network, in order, until the phone is back. */
export class WaitingRoom {
  readonly #byPhone = new Map<string, Envelope[]>();
  /** Grows with every change. */
  version = 0;

  /** Keeps a message; beyond 10,000 for one phone the oldest is lost, as on a phone that never comes back. */
  add(phone: string, envelope: Envelope): void {
    const waiting = this.#byPhone.get(phone);
    this.version += 1;
    if (!waiting) this.#byPhone.set(phone, [envelope]);
    else if (waiting.push(envelope) > PER_PHONE) waiting.shift();
  }

  /** Takes all that waits for this phone, oldest first. */
  take(phone: string): Envelope[] {
    const waiting = this.#byPhone.get(phone) ?? [];
    if (this.#byPhone.delete(phone)) this.version += 1;
    return waiting;
  }

  /** All that waits, by phone, oldest first. */
  all(): ReadonlyMap<string, readonly Envelope[]> {
    return this.#byPhone;
  }

  count(phone: string): number {
    return this.#byPhone.get(phone)?.length ?? 0;
  }

  /** Phones for which something waits. */
  phones(): string[] {
    return [...this.#byPhone.keys()];
  }

  clear(): void {
    this.version += 1;
    this.#byPhone.clear();
  }
}
