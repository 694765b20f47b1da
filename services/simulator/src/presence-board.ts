import type { Companion } from "./accounts.ts";
import { node } from "./protocol/node.ts";

interface Presence {
  readonly available: boolean;
  /** Seconds since 1970 when it last changed. */
  readonly at: number;
}

/** Who is online, and which devices want to know. Presence is never stored: a device asks anew after each login. */
export class PresenceBoard {
  readonly #presences = new Map<string, Presence>();
  /** By number: the devices that watch it, and the JID under which each knows it. */
  readonly #watchers = new Map<string, Map<Companion, string>>();
  readonly #mayShow: (phone: string) => boolean;

  /** `mayShow`: false for people who show nobody when they were last online. */
  constructor(mayShow: (phone: string) => boolean) {
    this.#mayShow = mayShow;
  }

  /** The device hears of this number from now on, and at once how it is. */
  watch(companion: Companion, phone: string, jid: string): void {
    let watchers = this.#watchers.get(phone);
    if (!watchers) this.#watchers.set(phone, (watchers = new Map()));
    watchers.set(companion, jid);
    this.#tell(companion, phone, jid);
  }

  /** `at`: seconds since 1970. */
  set(phone: string, available: boolean, at: number): void {
    if ((this.#presences.get(phone)?.available ?? false) === available) return;
    this.#presences.set(phone, { available, at });
    for (const [companion, jid] of this.#watchers.get(phone) ?? []) this.#tell(companion, phone, jid);
  }

  /** A connection is gone, and its wishes with it. */
  leave(companion: Companion): void {
    for (const watchers of this.#watchers.values()) watchers.delete(companion);
  }

  #tell(companion: Companion, phone: string, jid: string): void {
    const presence = this.#presences.get(phone);
    if (presence?.available) {
      companion.link?.send(node("presence", { from: jid, type: "available" }));
      return;
    }
    const last = presence && this.#mayShow(phone) ? String(presence.at) : "deny";
    companion.link?.send(node("presence", { from: jid, type: "unavailable", last }));
  }
}
