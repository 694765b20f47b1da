import { DeliveryQueue } from "./delivery-queue.ts";
import type { DeviceAddress } from "./envelope.ts";
import type { Link } from "./link.ts";
import type { Behaviour } from "./people/behaviour.ts";
import { Phone } from "./people/phone.ts";
import type { PhoneWorld } from "./people/phone-world.ts";
import { RobotDevice } from "./people/robot-device.ts";
import type { KeyBundle } from "./people/signal-store.ts";
import { type Addressing, personJid } from "./protocol/jid.ts";
import { RecentMap } from "./recent-map.ts";

/** The public half of a key that a device uploaded. */
export interface PublicKey {
  readonly id: number;
  readonly public: Buffer;
}

/** What a linked device presented about itself. Keys are 32 raw bytes. */
export interface DeviceKeys {
  /** Authenticates every login of this device. */
  readonly noise: Buffer;
  readonly identity: Buffer;
  readonly registrationId: number;
  signedPreKey: PublicKey & { readonly signature: Buffer };
  /** Not handed out yet, oldest first. */
  oneTimeKeys: PublicKey[];
}

/** Where a message on a companion came from; its receipts go back there. */
export interface Origin {
  readonly sender: DeviceAddress;
  readonly chat: string;
}

const REMEMBERED_ORIGINS = 5_000;

/** A linked device of an account: what calls itself "WhatsApp Web", for example a Baileys client. */
export class Companion {
  readonly address: DeviceAddress;
  readonly keys: DeviceKeys;
  /** Encoded ADVSignedDeviceIdentity with both signatures; part of the key bundle. */
  readonly signedIdentity: Buffer;
  readonly linkedAt: string;
  readonly queue = new DeliveryQueue();
  readonly origins = new RecentMap<string, Origin>(REMEMBERED_ORIGINS);
  /** The phone has sent it the app state key and its history. */
  bootstrapped = false;
  /** The connection of the device; undefined while it is away. */
  link: Link | undefined;

  constructor(of: { address: DeviceAddress; keys: DeviceKeys; signedIdentity: Buffer; linkedAt: string }) {
    this.address = of.address;
    this.keys = of.keys;
    this.signedIdentity = of.signedIdentity;
    this.linkedAt = of.linkedAt;
  }

  jid(kind: Addressing): string {
    return personJid(this.address.phone, kind, this.address.device);
  }

  /** Keys for a stranger; uses up a one-time key while there are some. */
  takeBundle(): KeyBundle {
    const { identity, registrationId, signedPreKey, oneTimeKeys } = this.keys;
    return { identity, registrationId, signedPreKey, oneTimeKey: oneTimeKeys.shift() };
  }
}

/** One collection of the account's synchronised settings: patches the server cannot read. */
export interface AppStateCollection {
  version: number;
  /** Encoded SyncdPatch by version, from 1. */
  patches: Buffer[];
}

/** A number on the network: its phone, and the devices linked to it. */
export class Account {
  readonly number: string;
  readonly phone: Phone;
  readonly companions = new Map<number, Companion>();
  /** Numbers are not reused within an account. */
  nextDevice = 1;
  /** Push name; empty until somebody says it. */
  name = "";
  /** The "about" line. */
  about = "Hey there! I am using WhatsApp.";
  /** Path of the profile picture on the media server. */
  picture: string | undefined;
  /** Privacy settings that differ from "all", by name (`last`, `profile`, `groupadd`, …). */
  readonly privacy = new Map<string, string>();
  /** What was set for this number by call. */
  behaviour: Partial<Behaviour> = {};
  readonly blocked = new Set<string>();
  readonly appState = new Map<string, AppStateCollection>();

  readonly #world: PhoneWorld;
  readonly #robots = new Map<number, RobotDevice>();

  constructor(number: string, world: PhoneWorld) {
    this.number = number;
    this.#world = world;
    this.phone = new Phone(number, world);
  }

  /** A simulated companion of this person; made on first use. */
  robot(device: number): RobotDevice {
    let robot = this.#robots.get(device);
    if (!robot) this.#robots.set(device, (robot = new RobotDevice(this.number, device, this.#world)));
    return robot;
  }
}
