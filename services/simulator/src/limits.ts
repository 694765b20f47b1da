import { ReachoutTimelockEnforcementType } from "@whiskeysockets/baileys";
import { z } from "zod";

const seconds = z.int().min(1).max(31_536_000);

/** Limits that WhatsApp puts on one account, as its holder is told of them (or not). */
export const limitsSchema = z
  .strictObject({
    reach_out_lock: z
      .strictObject({
        for_s: seconds.describe("How long no new chats may be started."),
        enforcement_type: z.enum(ReachoutTimelockEnforcementType).default(ReachoutTimelockEnforcementType.DEFAULT),
      })
      .nullable()
      .default(null),
    new_chat_cap: z
      .strictObject({
        total: z.int().min(0).max(1_000_000).describe("New chats in this cycle."),
        used: z.int().min(0).max(1_000_000).default(0),
        for_s: seconds.default(2_592_000).describe("Until the cycle ends and the count starts again."),
      })
      .nullable()
      .default(null),
    hidden_cold_limit: z
      .strictObject({
        new_chats: z.int().min(0).max(1_000_000).describe("Nobody is told of it: the next new chat brings the lock."),
        lock_for_s: seconds.default(86_400),
      })
      .nullable()
      .default(null),
    ban: z
      .strictObject({
        code: z.enum(["402", "403"]).default("402").describe("402 ends by itself, 403 does not."),
        for_s: seconds.default(3600),
      })
      .nullable()
      .default(null),
  })
  .meta({ id: "Limits" });

/** See the schema. */
export type LimitSettings = z.infer<typeof limitsSchema>;

/** What became of a message to somebody the account may not know yet. */
export type LimitVerdict =
  | { kind: "allowed" }
  | { kind: "allowed_and_counted" }
  | { kind: "refused" }
  | { kind: "refused_and_locked" };

/** The limits of an account as JSON. */
export type SavedLimits = Pick<AccountLimits, "settings" | "lockedUntil" | "bannedUntil" | "cycleStart" | "used"> & {
  readonly coldChats: number;
  readonly known: readonly string[];
};

/** Limits of one account in force, and how much of them is used. Times are milliseconds since 1970. */
export class AccountLimits {
  readonly settings: LimitSettings;
  readonly #known = new Set<string>();
  lockedUntil: number;
  bannedUntil: number;
  cycleStart: number;
  used: number;
  #coldChats = 0;

  constructor(settings: LimitSettings, now: number) {
    this.settings = settings;
    this.lockedUntil = settings.reach_out_lock ? now + settings.reach_out_lock.for_s * 1000 : 0;
    this.bannedUntil = settings.ban ? now + settings.ban.for_s * 1000 : 0;
    this.cycleStart = now;
    this.used = settings.new_chat_cap?.used ?? 0;
  }

  /** This number has written to the account: writing back starts no new chat. */
  met(phone: string): void {
    this.#known.add(phone);
  }

  /** May this account write to `recipient` now? `isOldChat`: they exchanged messages before the limits were set. */
  judge(recipient: string, isOldChat: boolean, now: number): LimitVerdict {
    if (isOldChat || this.#known.has(recipient)) return { kind: "allowed" };
    if (now < this.lockedUntil) return { kind: "refused" };
    const { new_chat_cap: cap, hidden_cold_limit: hidden } = this.settings;
    if (cap && now >= this.cycleEnd()) {
      this.cycleStart = now;
      this.used = 0;
    }
    if (cap && this.used >= cap.total) return { kind: "refused" };
    if (hidden && this.#coldChats >= hidden.new_chats) {
      this.lockedUntil = now + hidden.lock_for_s * 1000;
      this.#coldChats = 0;
      return { kind: "refused_and_locked" };
    }
    this.#known.add(recipient);
    this.#coldChats += 1;
    if (!cap) return { kind: "allowed" };
    this.used += 1;
    return { kind: "allowed_and_counted" };
  }

  /** What a restart must not forget, as JSON. */
  save(): SavedLimits {
    const { settings, lockedUntil, bannedUntil, cycleStart, used } = this;
    return {
      settings,
      lockedUntil,
      bannedUntil,
      cycleStart,
      used,
      coldChats: this.#coldChats,
      known: [...this.#known],
    };
  }

  /** What `save` returned, in force again; locks and bans end when they would have ended. */
  static load({ settings, coldChats, known, ...used }: SavedLimits): AccountLimits {
    const limits = Object.assign(new AccountLimits(settings, 0), used);
    limits.#coldChats = coldChats;
    for (const phone of known) limits.#known.add(phone);
    return limits;
  }

  cycleEnd(): number {
    return this.cycleStart + (this.settings.new_chat_cap?.for_s ?? 0) * 1000;
  }
}
