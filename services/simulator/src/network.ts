import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { WebSocket } from "ws";
import { type Account, type Companion } from "./accounts.ts";
import { admit } from "./admission.ts";
import { Calls } from "./calls.ts";
import { carryEnvelope, carryReceipt } from "./carrier.ts";
import { linkDevice, unlinkDevice } from "./device-links.ts";
import { Directory } from "./directory.ts";
import type { DeviceAddress, Envelope, Receipt } from "./envelope.ts";
import type { Acquaintance } from "./groups/change-participants.ts";
import { GroupDirectory } from "./groups/group-directory.ts";
import { delayOf, Faults } from "./faults.ts";
import { takeBundle } from "./key-bundles.ts";
import { Ledger } from "./ledger.ts";
import { Link, type LinkOwner } from "./link.ts";
import type { AccountLimits } from "./limits.ts";
import { MediaStore } from "./media/media-store.ts";
import type { NetworkSettings } from "./network-settings.ts";
import { type NetworkStats, newStats } from "./network-stats.ts";
import { PairingDesk } from "./pairing.ts";
import { PairingCodeDesk } from "./pairing-code.ts";
import { type Behaviour, behaviourOf } from "./people/behaviour.ts";
import { BehaviourRules } from "./people/behaviour-rules.ts";
import { bootstrapMessages } from "./people/bootstrap.ts";
import { ChatLog } from "./people/chat-log.ts";
import type { PhoneWorld } from "./people/phone-world.ts";
import { robotDevices } from "./people/robot-device.ts";
import type { KeyBundle } from "./people/signal-store.ts";
import { WaitingRoom } from "./people/waiting-room.ts";
import { createServerIdentity, type ServerIdentity } from "./protocol/certificates.ts";
import type { Addressing } from "./protocol/jid.ts";
import { type BinaryNode, node } from "./protocol/node.ts";
import type { Established } from "./protocol/noise.ts";
import { PresenceBoard } from "./presence-board.ts";
import { seededRandom } from "./random.ts";
import { RecentMap } from "./recent-map.ts";
import type { Recording } from "./recording.ts";
import { Scenarios } from "./scenario/scenarios.ts";
import { Scheduler } from "./scheduler.ts";
import { handleBeforeLogin } from "./stanzas/before-login.ts";
import { dispatch } from "./stanzas/dispatch.ts";
import { UnknownStanzas } from "./unknown-stanzas.ts";

const REMEMBERED_LINKS = 50;

/** The pretend WhatsApp: accounts, their devices, and what is routed between them. */
export class Network implements LinkOwner, PhoneWorld {
  readonly secret: Uint8Array;
  readonly addressing: Addressing;
  readonly identity: ServerIdentity;
  readonly logger: Logger;
  readonly accounts: Directory;
  readonly groups: GroupDirectory;
  readonly calls = new Calls();
  readonly presence = new PresenceBoard((phone) => this.accounts.tryGet(phone)?.privacy.get("last") !== "none");
  readonly media: MediaStore;
  /** What uploads have to show. */
  readonly mediaAuth = randomBytes(18).toString("base64url");
  /** Host and port under which clients find the media server when their own connection does not say it. */
  mediaHost: string;
  readonly links = new Map<string, Link>();
  readonly ledger: Ledger;
  readonly chats: ChatLog;
  readonly faults: Faults;
  readonly rules: BehaviourRules;
  readonly limits = new Map<string, AccountLimits>();
  readonly waiting = new WaitingRoom();
  /** What went over connections that are gone, the newest of them. */
  readonly recordings = new RecentMap<string, Recording>(REMEMBERED_LINKS);
  readonly recordedStanzas: number;
  readonly seed: number;
  readonly scheduler: Scheduler;
  readonly scenarios = new Scenarios(this);
  readonly pairing: PairingDesk;
  readonly pairingCodes: PairingCodeDesk;
  /** What the rules of groups ask about people. */
  readonly people: Acquaintance = {
    exists: (phone) => this.devicesOf(phone) !== undefined,
    canBeAdded: (phone, by) => {
      const account = this.accounts.tryGet(phone);
      return !account?.blocked.has(by) && account?.privacy.get("groupadd") !== "none";
    },
  };
  readonly unknown = new UnknownStanzas();
  readonly random: () => number;
  stats: NetworkStats = newStats();
  readonly #changed: (phone: string) => void;
  readonly #groupsChanged: () => void;
  readonly #fixedMediaHost: string | undefined;
  #nextLink = 1;

  constructor(settings: NetworkSettings) {
    this.secret = settings.secret;
    this.addressing = settings.addressing;
    this.logger = settings.logger;
    this.#changed = settings.changed;
    this.#groupsChanged = settings.groupsChanged;
    this.identity = createServerIdentity(settings.secret, Date.now());
    this.ledger = new Ledger(settings.ledgerRows);
    this.chats = new ChatLog(settings.chatLines);
    this.seed = settings.seed;
    this.recordedStanzas = settings.recordedStanzas;
    this.random = seededRandom(settings.seed);
    this.faults = new Faults(settings.seed + 1);
    this.rules = new BehaviourRules(settings.seed);
    this.scheduler = new Scheduler((error) => this.logger.warn({ err: error }, "Something a phone did has failed"));
    this.accounts = new Directory(this);
    this.groups = new GroupDirectory(this.random);
    this.media = new MediaStore(settings.mediaBytes);
    this.#fixedMediaHost = settings.mediaHost;
    this.mediaHost = settings.mediaHost ?? "localhost";
    this.pairing = new PairingDesk({
      linked: (account, companion) => linkDevice(this, account, companion),
      now: () => this.now(),
    });
    this.pairingCodes = new PairingCodeDesk(this.pairing);
  }

  now(): Date {
    return new Date();
  }

  /** A client has connected; `host` is the name and port by which it found this server. */
  accept(socket: WebSocket, host?: string): void {
    const link = new Link(`link-${this.#nextLink++}`, socket, this, host);
    this.links.set(link.id, link);
    if (this.faults.hit("silent_connection", {})) link.silence = "both";
  }

  identityFor(): ServerIdentity {
    if (!this.faults.hit("bad_certificate", {})) return this.identity;
    return createServerIdentity(randomBytes(32), Date.now());
  }

  latencyOf(link: Link): number {
    const fault = this.faults.hit("latency", { sender: link.companion?.address.phone });
    return fault ? delayOf(fault, this.random) : 0;
  }

  /** Ends all connections and everything that phones still meant to do. */
  close(): void {
    this.scenarios.stopAll();
    this.scheduler.close();
    for (const link of this.links.values()) link.reset();
  }

  authenticate(link: Link, established: Established): void {
    admit(this, link, established);
  }

  stanza(link: Link, stanza: BinaryNode): void {
    if (link.companion) return dispatch(this, link, link.companion, stanza);
    handleBeforeLogin(this, link, stanza);
  }

  closed(link: Link): void {
    this.links.delete(link.id);
    this.recordings.set(link.id, link.recording);
    this.pairing.withdraw(link);
    this.pairingCodes.withdraw(link);
    const { companion } = link;
    if (companion?.link !== link) return;
    companion.link = undefined;
    companion.queue.stop();
    this.presence.leave(companion);
    this.presence.set(companion.address.phone, false, Math.floor(this.now().getTime() / 1000));
  }

  behaviourOf(phone: string): Behaviour {
    return behaviourOf(phone, { ...this.rules.of(phone), ...this.accounts.tryGet(phone)?.behaviour });
  }

  isLinked(phone: string): boolean {
    return (this.accounts.tryGet(phone)?.companions.size ?? 0) > 0;
  }

  /** Delivers, in order, what waits for phones that are not away any more. */
  wakePhones(): void {
    for (const number of this.waiting.phones()) {
      if (!this.behaviourOf(number).online) continue;
      const envelopes = this.waiting.take(number);
      const { phone } = this.accounts.get(number);
      this.scheduler.detach(async () => {
        for (const envelope of envelopes) await phone.receive(envelope);
      });
    }
  }

  nameOf(phone: string): string {
    return this.accounts.get(phone).name || `Phone ${phone.slice(-4)}`;
  }

  devicesOf(phone: string): number[] | undefined {
    const account = this.accounts.tryGet(phone);
    const companions = account ? [...account.companions.keys()] : [];
    const behaviour = this.behaviourOf(phone);
    if (companions.length === 0 && !behaviour.exists) return undefined;
    return [0, ...companions, ...robotDevices(behaviour.companions)];
  }

  takeBundle(address: DeviceAddress): KeyBundle | undefined {
    return takeBundle(this, address);
  }

  /** Where the devices of this person find files: by the name under which they found this server. */
  mediaHostFor(phone: string): string {
    const links = [...(this.accounts.tryGet(phone)?.companions.values() ?? [])].map(({ link }) => link?.host);
    return this.#fixedMediaHost ?? links.find((host) => host !== undefined) ?? this.mediaHost;
  }

  membersOf(group: string): string[] | undefined {
    const found = this.groups.get(group);
    return found && [...found.participants.keys()];
  }

  carry(envelope: Envelope, to: DeviceAddress): void {
    carryEnvelope(this, envelope, to);
  }

  carryReceipt(receipt: Receipt): void {
    carryReceipt(this, receipt);
  }

  /** Device numbers of a person's simulated companions. */
  robotsOf(phone: string): number[] {
    return robotDevices(this.behaviourOf(phone).companions);
  }

  /** Queues a `<notification>` for a device. */
  notify(companion: Companion, from: string, type: string, content: BinaryNode[]): void {
    const id = randomBytes(8).toString("hex").toUpperCase();
    const t = String(Math.floor(this.now().getTime() / 1000));
    companion.queue.push(node("notification", { from, type, id, t }, content));
  }

  /** The phone's first words to a device that is new; nothing to one that has heard them. */
  async bootstrap(companion: Companion): Promise<void> {
    if (companion.bootstrapped) return;
    companion.bootstrapped = true;
    const account = this.accounts.get(companion.address.phone);
    this.changed(account.number);
    const messages = bootstrapMessages(this, account.number);
    await account.phone.tellCompanion(companion.address.device, messages);
  }

  /** Removes a device from its account; `logged_out`: it asked for it, otherwise it is told. False if unknown. */
  unlink(account: Account, device: number, reason: "logged_out" | "removed_by_phone"): boolean {
    return unlinkDevice(this, account, device, reason);
  }

  changed(phone: string): void {
    this.#changed(phone);
  }

  /** A group has changed in a way that has to outlive this process. */
  groupsChanged(): void {
    this.#groupsChanged();
  }

  /** Forgets what was received, said and injected; accounts and their devices stay. */
  reset(): void {
    this.ledger.clear();
    this.chats.clear();
    this.scenarios.stopAll();
    this.faults.clear();
    this.rules.clear();
    this.limits.clear();
    this.waiting.clear();
    this.unknown.clear();
    this.stats = newStats();
  }
}
