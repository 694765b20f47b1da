import { getCACertificates, setDefaultCACertificates } from "node:tls";
import {
  type AnyMessageContent,
  type AuthenticationCreds,
  type BaileysEventMap,
  type BinaryNode,
  Curve,
  generateSignalPubKey,
  type GroupMetadata,
  initAuthCreds,
  makeWASocket,
  type MiscMessageGenerationOptions,
  proto,
  type SignalDataTypeMap,
  type SignalKeyStore,
  WA_CERT_DETAILS,
  type WAMessage,
  type WAMessageUpdate,
  type WASocket,
} from "@whiskeysockets/baileys";
import signalCurve from "libsignal/src/curve.js";
import pino from "pino";
import { configWith, type SimulatorConfig } from "../src/config.ts";
import { openSimulator, type Simulator } from "../src/simulator.ts";

// The library ignores the result of its signature check (7.0.0-rc14, lib/Utils/crypto.js). With the real result the
// clients of these tests accept nothing that is not signed as it should be.
Object.assign(Curve, {
  verify: (key: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
    signalCurve.verifySignature(Buffer.from(generateSignalPubKey(key)), message, signature),
});

/** Before any network of this process: two certificates of the same name would stand in each other's way. */
const usualAuthorities = getCACertificates("default");

/** Waits until `probe` gives something truthy. Throws after `timeoutMs`. */
export async function eventually<T>(what: string, probe: () => T | undefined | false, timeoutMs = 15_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = probe();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** An unmodified Baileys client with its credentials in memory, and everything it was told. */
export class Client {
  readonly creds: AuthenticationCreds;
  readonly keys: MemoryKeys;
  readonly qrs: string[] = [];
  readonly closeCodes: number[] = [];
  readonly messages: { message: WAMessage; type: string }[] = [];
  readonly statuses = new Map<string, number[]>();
  readonly acks: BinaryNode[] = [];
  readonly stanzas: BinaryNode[] = [];
  readonly groups: GroupMetadata[] = [];
  readonly reactions: BaileysEventMap["messages.reaction"] = [];
  readonly updates: WAMessageUpdate[] = [];
  readonly groupReceipts: BaileysEventMap["message-receipt.update"] = [];
  readonly sent = new Map<string, proto.IMessage>();
  opened = 0;
  /** How often everything that waited had arrived: only then is a connection quiet enough to be ended. */
  caughtUp = 0;
  /** Chats and ids of messages that came with the account's history. */
  readonly history = { chats: new Set<string>(), messages: new Set<string>() };
  socket!: WASocket;
  readonly #url: string;

  /** `of`: share the credentials of this client, as a second holder of them would. */
  constructor(url: string, of?: Client) {
    this.#url = url;
    this.creds = of ? { ...of.creds } : initAuthCreds();
    this.keys = of?.keys ?? memoryKeys();
  }

  /** The number this client is linked to. */
  get phone(): string {
    return (this.creds.me?.id ?? "").replace(/[:@].*/, "");
  }

  /** Connects again after the network ended the connection or `close`. */
  async reconnect(): Promise<void> {
    const before = { opened: this.opened, caughtUp: this.caughtUp };
    this.connect();
    await eventually("the connection is open again", () => this.opened > before.opened);
    await eventually("what waited has arrived", () => this.caughtUp > before.caughtUp);
  }

  /** Connects; comes back by itself only after the 515 that ends pairing, as the library asks for. */
  connect(): WASocket {
    const socket = makeWASocket({
      waWebSocketUrl: this.#url,
      auth: { creds: this.creds, keys: this.keys },
      logger: pino({ level: process.env["BAILEYS_LOG"] ?? "silent" }),
      getMessage: async ({ id }) => this.sent.get(id ?? ""),
    });
    this.socket = socket;
    socket.ev.on("creds.update", (update) => void Object.assign(this.creds, update));
    socket.ev.on("connection.update", ({ connection, qr, lastDisconnect, receivedPendingNotifications }) => {
      if (receivedPendingNotifications) this.caughtUp += 1;
      if (qr) this.qrs.push(qr);
      if (connection === "open") this.opened += 1;
      if (connection !== "close") return;
      const code = (lastDisconnect?.error as { output?: { statusCode: number } } | undefined)?.output?.statusCode ?? 0;
      this.closeCodes.push(code);
      if (code === 515) this.connect();
    });
    socket.ev.on("messages.upsert", ({ messages, type }) => {
      for (const message of messages) {
        this.messages.push({ message, type });
        // A receipt that comes while the library still buffers the message itself shows up only here.
        if (message.key.fromMe && message.status != null) this.#note(message.key.id, message.status);
      }
    });
    socket.ev.on("messages.update", (updates) => {
      this.updates.push(...updates);
      for (const { key, update } of updates) {
        if (update.status != null) this.#note(key.id, update.status);
      }
    });
    socket.ev.on("messaging-history.set", ({ chats, messages }) => {
      for (const { id } of chats) if (id) this.history.chats.add(id);
      for (const { key } of messages) if (key.id) this.history.messages.add(key.id);
    });
    socket.ev.on("messages.reaction", (reactions) => void this.reactions.push(...reactions));
    socket.ev.on("groups.upsert", (groups) => void this.groups.push(...groups));
    socket.ev.on("message-receipt.update", (receipts) => void this.groupReceipts.push(...receipts));
    socket.ws.on("CB:ack,class:message", (ack: BinaryNode) => void this.acks.push(ack));
    for (const tag of ["message", "receipt", "notification"]) {
      socket.ws.on(`CB:${tag}`, (stanza: BinaryNode) => void this.stanzas.push(stanza));
    }
    return socket;
  }

  async send(jid: string, text: string, messageId?: string): Promise<string> {
    return this.sendContent(jid, { text }, messageId ? { messageId } : {});
  }

  /** Sends any content; kept for those who ask for it again. */
  async sendContent(
    jid: string,
    content: AnyMessageContent,
    options: MiscMessageGenerationOptions = {},
  ): Promise<string> {
    const sent = await this.socket.sendMessage(jid, content, options);
    const id = sent?.key.id ?? "";
    if (sent?.message) this.sent.set(id, sent.message);
    return id;
  }

  /** Waits until the library has shown this message with its content. */
  async arrived(id: string): Promise<WAMessage> {
    return eventually(`message ${id}`, () =>
      this.messages.map(({ message }) => message).find(({ key, message }) => key.id === id && message),
    );
  }

  /** Loses the keys of the members of all groups. */
  forgetSenderKeys(): void {
    this.keys.forget("sender-key ");
  }

  ackOf(id: string): BinaryNode | undefined {
    return this.acks.find(({ attrs }) => attrs["id"] === id);
  }

  reached(id: string, status: number): boolean {
    return this.statuses.get(id)?.includes(status) ?? false;
  }

  /** Texts received from others, with the type of the event that brought them. */
  inbound(): { text: string; from: string; type: string; id: string }[] {
    return this.messages
      .filter(({ message }) => !message.key.fromMe && message.message)
      .map(({ message, type }) => ({
        text: message.message?.conversation ?? message.message?.extendedTextMessage?.text ?? "",
        from: message.key.remoteJid ?? "",
        type,
        id: message.key.id ?? "",
      }));
  }

  #note(id: string | null | undefined, status: number): void {
    if (id) this.statuses.set(id, [...(this.statuses.get(id) ?? []), status]);
  }

  async close(): Promise<void> {
    await this.socket?.end(undefined);
  }
}

/** A network of its own for one test file, trusted by the clients of this process, with clients that close after each test. */
export class TestNetwork implements AsyncDisposable {
  readonly simulator: Simulator;
  readonly clients: Client[] = [];
  #nextPhone = 15550001000;

  private constructor(simulator: Simulator) {
    this.simulator = simulator;
  }

  static async open(config: Partial<SimulatorConfig> = {}): Promise<TestNetwork> {
    const simulator = await openSimulator(configWith({ port: 0, ...config }), pino({ level: "silent" }));
    Object.assign(WA_CERT_DETAILS, { PUBLIC_KEY: simulator.network.identity.rootPublicKey });
    if (simulator.caPem) setDefaultCACertificates([...usualAuthorities, simulator.caPem]);
    return new TestNetwork(simulator);
  }

  /** A client with these credentials, or with fresh ones. */
  client(of?: Client): Client {
    const client = new Client(this.simulator.webSocketUrl, of);
    this.clients.push(client);
    return client;
  }

  /** A client paired by QR with a fresh number, or with this one, logged in and online. */
  async pair(phone = String(this.#nextPhone++), client = this.client()): Promise<Client> {
    client.connect();
    const qr = await eventually("a QR code", () => client.qrs[0]);
    const { network } = this.simulator;
    await network.pairing.scan(network.accounts.get(phone), qr);
    await eventually("the connection is open", () => client.opened > 0);
    await eventually("what waited has arrived", () => client.caughtUp > 0);
    return client;
  }

  /** Closes all clients and forgets what was sent; accounts stay. */
  async clean(): Promise<void> {
    for (const client of this.clients.splice(0)) await client.close();
    this.simulator.network.reset();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clean();
    await this.simulator[Symbol.asyncDispose]();
  }
}

/** Signal keys in memory; `clear` loses the Signal sessions, `forget` everything of one kind. */
interface MemoryKeys extends SignalKeyStore {
  forget(prefix: string): void;
}

function memoryKeys(): MemoryKeys {
  const store = new Map<string, unknown>();
  const forget = (prefix: string): void => {
    for (const key of store.keys()) if (key.startsWith(prefix)) store.delete(key);
  };
  return {
    forget,
    clear: async () => forget("session "),
    get: async (type, ids) => {
      const found: Record<string, SignalDataTypeMap[typeof type]> = {};
      for (const id of ids) {
        const value = store.get(`${type} ${id}`);
        if (value !== undefined) found[id] = structuredCloneOf(type, value) as SignalDataTypeMap[typeof type];
      }
      return found;
    },
    set: async (data) => {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries ?? {})) {
          if (value == null) store.delete(`${type} ${id}`);
          else store.set(`${type} ${id}`, value);
        }
      }
    },
  };
}

function structuredCloneOf(type: string, value: unknown): unknown {
  return type === "app-state-sync-key"
    ? proto.Message.AppStateSyncKeyData.fromObject(value as Record<string, unknown>)
    : value;
}
