import type { Logger } from "pino";
import type { DeviceAddress, Envelope, Receipt } from "../envelope.ts";
import type { Ledger } from "../ledger.ts";
import type { MediaStore } from "../media/media-store.ts";
import type { Addressing } from "../protocol/jid.ts";
import type { Scheduler } from "../scheduler.ts";
import type { Behaviour } from "./behaviour.ts";
import type { ChatLog } from "./chat-log.ts";
import type { KeyBundle } from "./signal-store.ts";

/** What a phone asks of the network around it. */
export interface PhoneWorld {
  readonly secret: Uint8Array;
  readonly addressing: Addressing;
  /** Decides what is left to chance. */
  readonly seed: number;
  readonly ledger: Ledger;
  readonly chats: ChatLog;
  readonly scheduler: Scheduler;
  readonly media: MediaStore;
  readonly logger: Logger;
  now(): Date;
  behaviourOf(phone: string): Behaviour;
  nameOf(phone: string): string;
  /** Devices of a number, the phone (0) first; undefined when the number is not on WhatsApp. */
  devicesOf(phone: string): number[] | undefined;
  /** Whether a client is linked to this number. */
  isLinked(phone: string): boolean;
  /** Numbers in a group; undefined when there is no such group. */
  membersOf(group: string): string[] | undefined;
  /** Host and port at which the devices of this person find files. */
  mediaHostFor(phone: string): string;
  /** Keys to open a Signal session with a device; a one-time key in it is used up. */
  takeBundle(address: DeviceAddress): KeyBundle | undefined;
  carry(envelope: Envelope, to: DeviceAddress): void;
  carryReceipt(receipt: Receipt): void;
  changed(phone: string): void;
}

/** A person can only write to numbers that are on WhatsApp, and to groups they are in. */
export class NotOnWhatsAppError extends Error {
  override name = "NotOnWhatsAppError";
}
