import { Account } from "./accounts.ts";
import type { PhoneWorld } from "./people/phone-world.ts";
import { tryParsePersonJid } from "./protocol/jid.ts";

/** All numbers that anybody has met; a number exists here from its first use. */
export class Directory {
  readonly #byNumber = new Map<string, Account>();
  readonly #world: PhoneWorld;

  constructor(world: PhoneWorld) {
    this.#world = world;
  }

  /** The account of a number; made on first use. Digits only. */
  get(number: string): Account {
    const known = this.#byNumber.get(number);
    if (known) return known;
    const account = new Account(number, this.#world);
    this.#byNumber.set(number, account);
    return account;
  }

  tryGet(number: string): Account | undefined {
    return this.#byNumber.get(number);
  }

  /** The account and device that a JID names, by number or hidden id; undefined when it names no person. */
  resolve(jid: string | undefined): { account: Account; device: number } | undefined {
    const person = tryParsePersonJid(jid);
    return person && { account: this.get(person.phone), device: person.device };
  }

  delete(number: string): void {
    this.#byNumber.delete(number);
  }

  all(): IterableIterator<Account> {
    return this.#byNumber.values();
  }

  get size(): number {
    return this.#byNumber.size;
  }
}
