import { createHash, randomBytes, randomUUID } from "node:crypto";
import { createLogger } from "@flotilla/shared/runtime/logger";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { createOpenLink, type LinkEnvironment } from "../src/adapters/whatsapp/open-link.ts";
import { parseCredentialsKey } from "../src/adapters/sealing/credentials-key.ts";
import { prepareBaileys } from "../src/boot/prepare-baileys.ts";
import type { LinkObservation, OutboundRow, WhatsAppLink } from "../src/ports.ts";
import { MemorySecrets } from "./memory-secrets.ts";
import type { SimulatorProcess } from "./simulator-process.ts";

type Kind = LinkObservation["kind"];
type Of<K extends Kind> = Extract<LinkObservation, { kind: K }>;

/** One session on a simulated network, driven through the port as the worker's runner would. */
export class LinkClient {
  readonly sessionId: string;
  readonly seen: LinkObservation[] = [];
  readonly sent = new Map<string, { type: string; content: Record<string, unknown> }>();
  readonly phone: string;
  secrets: MemorySecrets;
  mayAct = true;
  /** Called before each frame leaves. */
  onFrame: () => void = () => {};
  /** Called with each observation. */
  onObserve: (observation: LinkObservation) => void = () => {};
  /** The owner before died. */
  careful = false;
  link!: WhatsAppLink;
  readonly #environment: LinkEnvironment;
  readonly #tenantId: string;

  constructor(environment: LinkEnvironment, phone: string, from?: LinkClient, secrets = new MemorySecrets()) {
    this.#environment = environment;
    this.phone = phone;
    this.sessionId = from?.sessionId ?? randomUUID();
    this.#tenantId = from === undefined ? randomUUID() : from.#tenantId;
    this.secrets = secrets;
  }

  async open(): Promise<void> {
    this.link = await createOpenLink(this.#environment)({
      sessionId: this.sessionId,
      tenantId: this.#tenantId,
      credentials: this.secrets.credentials,
      secrets: this.secrets,
      careful: this.careful,
      findSent: async (id) => Promise.resolve(this.sent.get(id) ?? null),
      mayAct: () => {
        this.onFrame();
        return this.mayAct;
      },
      observe: (observation) => {
        this.onObserve(observation);
        this.seen.push(observation);
      },
    });
  }

  /** Another process's link for the same session, on what this one has committed. */
  successor(change: Partial<LinkEnvironment>): LinkClient {
    const next = new LinkClient({ ...this.#environment, ...change }, this.phone, this, this.secrets.committedCopy());
    for (const [id, content] of this.sent) next.sent.set(id, content);
    return next;
  }

  /** Waits for the first observation of this kind that fits. */
  async see<K extends Kind>(kind: K, fits: (observation: Of<K>) => boolean = () => true): Promise<Of<K>> {
    const find = (): Of<K> | undefined =>
      this.seen.find((observation): observation is Of<K> => observation.kind === kind && fits(observation as Of<K>));
    return waitFor(find, { describe: `${kind} of ${this.phone}`, timeoutMs: 20_000 });
  }

  async send(to: string, body: string, waMessageId = newWaMessageId()): Promise<string> {
    await this.sendRow({ type: "text", content: { body }, wa_message_id: waMessageId }, to);
    return waMessageId;
  }

  async sendRow(fields: Partial<OutboundRow>, to: string): Promise<void> {
    const row = { ...aRow(this.sessionId, to), ...fields };
    this.sent.set(row.wa_message_id, { type: row.type, content: row.content });
    await this.link.send(row, { id: row.id, resend: false });
  }

  /** Resolves when everything is quiet enough to go on: logged in, and the offline queue drained. */
  async ready(): Promise<void> {
    await this.see("logged_in");
    await this.see("caught_up");
  }
}

/** Links on one simulated network; every link is cut at the end. */
export class LinkBench {
  readonly simulator: SimulatorProcess;
  readonly #environment: LinkEnvironment;
  readonly #clients: LinkClient[] = [];
  #nextPhone = 1;

  private constructor(simulator: SimulatorProcess, environment: LinkEnvironment) {
    this.simulator = simulator;
    this.#environment = environment;
  }

  static async open(simulator: SimulatorProcess): Promise<LinkBench> {
    const { webSocketUrl, rootKey } = simulator;
    const logger = createLogger({ service: "link-test", level: process.env["LOG_LEVEL"] ?? "silent" });
    const baileys = await prepareBaileys({ network: { webSocketUrl, rootKey }, logger });
    const credentialsKey = parseCredentialsKey(randomBytes(32).toString("base64"));
    return new LinkBench(simulator, { baileys, logger, credentialsKey, webSocketUrl });
  }

  client(from?: LinkClient, change: Partial<LinkEnvironment> = {}): LinkClient {
    const phone = from?.phone ?? `1555100${String(this.#nextPhone++).padStart(4, "0")}`;
    const client = from ? from.successor(change) : new LinkClient({ ...this.#environment, ...change }, phone);
    this.#clients.push(client);
    return client;
  }

  /** A session that was paired by QR code, restarted, and is ready. */
  async paired(): Promise<LinkClient> {
    const client = this.client();
    await client.open();
    const { value } = await client.see("qr");
    await this.simulator.call("POST", `/phones/${client.phone}/scan-qr`, { qr: value });
    await client.see("closed", ({ cause }) => cause.kind === "restart_required");
    await client.open();
    await client.ready();
    return client;
  }

  get baileys(): LinkEnvironment["baileys"] {
    return this.#environment.baileys;
  }

  cutAll(): void {
    for (const { link } of this.#clients.splice(0)) link?.terminate("test_over");
  }
}

export function newWaMessageId(): string {
  return `3EB0${randomBytes(9).toString("hex").toUpperCase()}`;
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function aRow(sessionId: string, to: string): OutboundRow {
  return {
    id: randomUUID(),
    session_id: sessionId,
    lane: 0,
    seq: 1,
    chat_id: randomUUID(),
    jid: to.includes("@") ? to : `${to}@s.whatsapp.net`,
    type: "text",
    content: { body: "text" },
    wa_message_id: newWaMessageId(),
    attempts: 0,
    deaths: 0,
    status: "queued",
    status_reason: null,
    on_unknown: "resend_same_id",
    expires_at_ms: null,
    not_before_ms: null,
  };
}
