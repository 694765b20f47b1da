import { Envelope, eventCatalogue } from "@flotilla/shared/contract/events";
import {
  type ClientToServerEvents,
  type EventBatch,
  type PairingUpdate,
  type ServerToClientEvents,
  type SubscribeResult,
  realtimeNamespace,
} from "@flotilla/shared/contract/realtime";
import { type Socket, io } from "socket.io-client";
import { EventMemory } from "./event-memory.ts";
import { type LogPosition, type TopicAction, TopicBook } from "./topic-book.ts";

/** `since` is the wall clock in milliseconds at which the state began. */
export interface LinkState {
  state: "connecting" | "live" | "lost";
  since: number;
}

export interface RealtimeDeps {
  url: string;
  /** The present access token; `renew` asks for a new one first. Null when nobody is signed in. */
  getToken(options?: { renew: boolean }): Promise<string | null>;
  /** The log was replaced or we are too far behind: every answer must be read again. */
  onResync(): void;
}

const acknowledgeWithinMs = 10_000;
const reconnectAfterMs = 1_500;

/**
 * The one live source of the page: a Socket.io connection over WebSocket that follows topics of the tenant's log.
 * Whatever happens to the connection, every event after a followed position is handed on once and in order; what was
 * missed comes after a reconnect. Reading works without it, so its loss is shown and nothing else stops.
 */
export class RealtimeClient {
  readonly #deps: RealtimeDeps;
  readonly #socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  readonly #book = new TopicBook();
  readonly #resuming = new Set<string>();
  readonly #linkListeners = new Set<() => void>();
  readonly #eventListeners = new Set<(events: readonly Envelope[]) => void>();
  readonly #pairings = new Map<string, PairingUpdate>();
  readonly #pairingListeners = new Set<() => void>();
  #link: LinkState = { state: "connecting", since: Date.now() };
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly memory = new EventMemory();

  constructor(deps: RealtimeDeps) {
    this.#deps = deps;
    this.#socket = io(deps.url + realtimeNamespace, {
      transports: ["websocket"],
      autoConnect: false,
      reconnectionDelay: 500,
      reconnectionDelayMax: 10_000,
      auth: (give) => void this.#giveToken(give),
    });
    this.#socket.on("connect", () => {
      this.#setLink("live");
      this.#resuming.clear();
      this.#act(this.#book.all());
    });
    this.#socket.on("disconnect", (reason) => {
      this.#setLink("lost");
      if (reason === "io server disconnect") this.#connectSoon(reconnectAfterMs);
    });
    this.#socket.on("connect_error", (error) => {
      this.#setLink("lost");
      if (this.#socket.active) return; // the connection itself failed: Socket.io tries again by itself
      void this.#afterRefusal((error as { data?: { code?: string } }).data?.code);
    });
    this.#socket.on("events", (batch, acknowledge) => this.#take(batch, acknowledge));
    this.#socket.on("pairing", (update) => {
      this.#pairings.set(update.session_id, update);
      for (const listener of this.#pairingListeners) listener();
    });
    this.#socket.on("auth.expiring", () => void this.#renew());
    this.#socket.on("draining", ({ reconnect_in_ms }) => {
      this.#socket.disconnect();
      this.#connectSoon(reconnect_in_ms);
    });
  }

  open(): void {
    this.#socket.connect();
  }

  /** Ends the connection and forgets what was followed: whoever signs in next starts from their own log. */
  close(): void {
    clearTimeout(this.#retry);
    this.#socket.disconnect();
    this.#book.forgetPositions();
    this.memory.clear();
  }

  /** Tells the server the renewed token, so that the connection outlives the old one. */
  refresh(token: string | null): void {
    if (token !== null && this.#socket.connected) this.#socket.emit("auth.refresh", { token }, () => undefined);
  }

  /** Follows a topic until the returned function is called. A log topic starts with `startFrom`. */
  follow(topic: string): () => void {
    this.#act([this.#book.follow(topic)]);
    return () => {
      this.#act([this.#book.release(topic)]);
      if (topic.startsWith("pairing:")) this.#pairings.delete(topic.slice("pairing:".length));
    };
  }

  /** Wants every event of a followed topic after the position an answer was read at. */
  startFrom(topic: string, position: LogPosition): void {
    this.#act([this.#book.startFrom(topic, position)]);
  }

  readonly pairingOf = (sessionId: string): PairingUpdate | undefined => this.#pairings.get(sessionId);
  readonly onPairing = (listener: () => void): (() => void) => listen(this.#pairingListeners, listener);
  /** New events, each exactly once and in log order within its topic, in batches. */
  readonly onEvents = (listener: (events: readonly Envelope[]) => void): (() => void) =>
    listen(this.#eventListeners, listener);
  readonly linkState = (): LinkState => this.#link;
  readonly onLink = (listener: () => void): (() => void) => listen(this.#linkListeners, listener);

  #take(batch: EventBatch, acknowledge: (() => void) | undefined): void {
    acknowledge?.();
    switch (this.#book.take(batch)) {
      case "apply": {
        const fresh = this.memory.takeNew(readEvents(batch.events));
        if (fresh.length > 0) for (const listener of this.#eventListeners) listener(fresh);
        return;
      }
      case "resume":
        if (!this.#resuming.has(batch.topic)) this.#act([this.#book.resumption(batch.topic)]);
        return;
      case "resync":
        this.#resync();
        return;
      case "drop":
      case "unknown":
    }
  }

  #resync(): void {
    this.#book.forgetPositions();
    this.memory.clear();
    this.#deps.onResync();
  }

  #act(actions: TopicAction[]): void {
    if (!this.#socket.connected) return; // `connect` subscribes to the whole book
    const subscriptions = actions.flatMap((action) =>
      action.kind === "subscribe"
        ? [
            {
              topic: action.topic,
              ...(action.after !== undefined && { after: action.after }),
              ...(action.logId !== undefined && { log_id: action.logId }),
            },
          ]
        : [],
    );
    const socket = this.#socket.timeout(acknowledgeWithinMs);
    if (subscriptions.length > 0) {
      socket.emit("subscribe", { topics: subscriptions }, (error, answer) => this.#answered(error, answer));
    }
    for (const action of actions) {
      if (action.kind === "unsubscribe") socket.emit("unsubscribe", { topics: [action.topic] }, () => undefined);
      if (action.kind !== "resume") continue;
      this.#resuming.add(action.topic);
      socket.emit("resume", { topic: action.topic, after: action.after, log_id: action.logId }, (error, answer) => {
        this.#resuming.delete(action.topic);
        this.#answered(error, answer);
      });
    }
  }

  /** No answer in time means a link that only looks open: start over rather than wait for its end. */
  #answered(error: Error | null, answer: { results: SubscribeResult[] } | { problem: string }): void {
    if (error) {
      if (this.#socket.connected) this.#socket.disconnect().connect();
      return;
    }
    if (!("results" in answer)) {
      // Too many questions at once, or a part behind the server is away: ask for everything again a little later.
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.#act(this.#book.all()), reconnectAfterMs);
      return;
    }
    const outcomes = answer.results.map((result) => this.#book.takeResult(result));
    if (outcomes.includes("resync")) this.#resync();
  }

  async #giveToken(give: (auth: { token: string }) => void): Promise<void> {
    give({ token: (await this.#deps.getToken()) ?? "" });
  }

  async #renew(): Promise<void> {
    this.refresh(await this.#deps.getToken({ renew: true }));
  }

  /** The server said no at the door: with a fresh token, or simply later, it may say yes. */
  async #afterRefusal(code: string | undefined): Promise<void> {
    const renew = code === "token_expired" || code === "unauthenticated";
    const token = await this.#deps.getToken({ renew });
    if (token !== null) this.#connectSoon(reconnectAfterMs);
  }

  #connectSoon(delayMs: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#socket.connect(), delayMs);
  }

  #setLink(state: LinkState["state"]): void {
    if (this.#link.state === state) return;
    this.#link = { state, since: Date.now() };
    for (const listener of this.#linkListeners) listener();
  }
}

/**
 * The events this page understands. Types and fields only grow, so what an older page does not know is left out: the
 * sequence moves on all the same.
 */
function readEvents(events: readonly unknown[]): Envelope[] {
  return events.flatMap((event) => {
    const read = Envelope.safeParse(event);
    return read.success && eventCatalogue[read.data.type].safeParse(read.data.data).success ? [read.data] : [];
  });
}

function listen<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
