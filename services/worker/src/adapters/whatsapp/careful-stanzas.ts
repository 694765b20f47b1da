import type { InboundJournal, StanzaKey } from "../../ports.ts";
import type { PeerTurns } from "./peer-turns.ts";

/** A stanza that was begun so often without an end is not touched again. */
const mostTries = 3;

/** For so long a suspect is alone at most: what kills does so at once. */
const aloneMs = 2_000;

export interface CarefulOptions {
  journal: Pick<InboundJournal, "begin">;
  /** Shared by all links of the process. */
  alone: PeerTurns;
  isActive: boolean;
  tries: readonly (StanzaKey & { tries: number })[];
}

/**
 * After an owner that died: each stanza is counted, durably, before it is touched, so that one which kills whoever handles
 * it stands out. One that was counted before is counted and touched while no other suspect of the process is, so that it
 * is not blamed for another's deed. What killed the last owner is redelivered, so this ends with what WhatsApp kept for us;
 * the library may still work through that when the link has been told that it has all of it.
 */
export class CarefulStanzas {
  readonly #journal: Pick<InboundJournal, "begin">;
  readonly #alone: PeerTurns;
  readonly #tries: ReadonlyMap<string, number>;
  readonly #begun = new Map<string, Promise<boolean>>();
  readonly #isActive: boolean;
  #hasAll = false;
  #leave: () => void = () => {};

  constructor({ journal, alone, isActive, tries }: CarefulOptions) {
    this.#journal = journal;
    this.#alone = alone;
    this.#isActive = isActive;
    this.#tries = new Map(tries.map((each) => [nameOf(each), each.tries]));
  }

  /**
   * False: set it aside. Counts once for all parts of a stanza; `isDelayed` says that WhatsApp kept it for us. Rejects when
   * the count could not be made durable.
   */
  async mayTouch(key: StanzaKey, isDelayed: boolean): Promise<boolean> {
    if (!this.#isActive || (this.#hasAll && !isDelayed)) return true;
    const name = nameOf(key);
    const known = this.#begun.get(name) ?? this.#begin(key, this.#tries.get(name) ?? 0);
    this.#begun.set(name, known);
    return known;
  }

  /** WhatsApp has delivered all that it kept for us. */
  hasAll(): void {
    this.#hasAll = true;
  }

  /** The link has ended. */
  end(): void {
    this.#leave();
  }

  async #begin(key: StanzaKey, tries: number): Promise<boolean> {
    this.#leave(); // whatever was before this one is over
    if (tries >= mostTries) return false;
    if (tries > 0) await this.#enterAlone();
    await this.#journal.begin(key);
    return true;
  }

  #enterAlone(): Promise<void> {
    const left = Promise.withResolvers<void>();
    return new Promise((entered) => {
      void this.#alone.take("suspect", () => {
        const late = setTimeout(left.resolve, aloneMs).unref();
        this.#leave = () => {
          clearTimeout(late);
          left.resolve();
        };
        entered();
        return left.promise;
      });
    });
  }
}

function nameOf({ chat, participant, waMessageId }: StanzaKey): string {
  return JSON.stringify([chat, participant, waMessageId]);
}
