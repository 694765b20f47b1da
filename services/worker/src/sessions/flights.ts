import type { OutboundRow } from "../ports.ts";

/** One message between being taken from its lane and its outcome. */
export interface Flight {
  row: OutboundRow;
  /** Whether an earlier copy may be out already. */
  repeat: boolean;
  sends: number;
  writtenAtMs: number;
  /** It was repeated often enough and waits for evidence. */
  waiting: boolean;
  timer: NodeJS.Timeout | null;
  /** Ends its turn among messages that are tried alone. */
  letGo: () => void;
}

/** Messages on their way: at most one of each chat. */
export class Flights {
  readonly #byChat = new Map<string, Flight>();
  readonly #byWaId = new Map<string, Flight>();

  get size(): number {
    return this.#byChat.size;
  }

  open(row: OutboundRow, repeat: boolean): Flight {
    const flight: Flight = {
      row,
      repeat,
      sends: 0,
      writtenAtMs: 0,
      waiting: false,
      timer: null,
      letGo: () => {},
    };
    this.#byChat.set(row.chat_id, flight);
    this.#byWaId.set(row.wa_message_id, flight);
    return flight;
  }

  isOpen(flight: Flight): boolean {
    return this.#byChat.get(flight.row.chat_id) === flight;
  }

  isBusy(chatId: string): boolean {
    return this.#byChat.has(chatId);
  }

  find(waMessageId: string): Flight | undefined {
    return this.#byWaId.get(waMessageId);
  }

  all(): Flight[] {
    return [...this.#byChat.values()];
  }

  close(flight: Flight): void {
    this.rest(flight);
    if (this.#byChat.get(flight.row.chat_id) === flight) this.#byChat.delete(flight.row.chat_id);
    if (this.#byWaId.get(flight.row.wa_message_id) === flight) this.#byWaId.delete(flight.row.wa_message_id);
  }

  /** Nothing of this flight happens by itself any more. */
  rest(flight: Flight): void {
    if (flight.timer !== null) clearTimeout(flight.timer);
    flight.letGo();
  }
}
