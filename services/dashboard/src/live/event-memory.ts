import type { Envelope } from "@flotilla/shared/contract/events";

/**
 * The latest events by sequence, bounded. It does two things: an event that comes by two topics, or twice after a
 * resume, is new only once; and an answer read from the API while events were arriving can be brought up to date.
 */
export class EventMemory {
  readonly #capacity: number;
  readonly #bySequence = new Map<number, Envelope>();
  /** Everything up to here may have been forgotten. */
  #forgottenTo = 0;

  constructor(capacity = 5_000) {
    this.#capacity = capacity;
  }

  /** Keeps the events that are new and returns them in order. */
  takeNew(events: readonly Envelope[]): Envelope[] {
    const fresh = events.filter(({ sequence }) => sequence > this.#forgottenTo && !this.#bySequence.has(sequence));
    for (const event of fresh) this.#bySequence.set(event.sequence, event);
    while (this.#bySequence.size > this.#capacity) {
      const [oldest] = this.#bySequence.keys();
      if (oldest === undefined) break;
      this.#bySequence.delete(oldest);
      this.#forgottenTo = Math.max(this.#forgottenTo, oldest);
    }
    return fresh;
  }

  /** Events after a log position in order, or `forgotten` when some may be missing. */
  since(sequence: number): Envelope[] | "forgotten" {
    if (sequence < this.#forgottenTo) return "forgotten";
    return [...this.#bySequence.values()]
      .filter((event) => event.sequence > sequence)
      .toSorted((one, other) => one.sequence - other.sequence);
  }

  /** The newest sequence that is about a session, campaign or chat; 0 when there is none. */
  latestAbout(id: string): number {
    let latest = 0;
    for (const event of this.#bySequence.values()) if (isAbout(event, id)) latest = Math.max(latest, event.sequence);
    return latest;
  }

  clear(): void {
    this.#bySequence.clear();
    this.#forgottenTo = 0;
  }
}

function isAbout({ subject, session, data }: Envelope, id: string): boolean {
  return subject === id || session?.id === id || data["chat_id"] === id || data["campaign_id"] === id;
}
