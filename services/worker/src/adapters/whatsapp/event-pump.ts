import type { BaileysEventMap, BinaryNode, WASocket } from "@whiskeysockets/baileys";
import { LRUCache } from "lru-cache";
import type { Baileys } from "../../boot/library.ts";
import type { LinkObservation } from "../../ports.ts";
import type { LinkAuth } from "./auth-state.ts";
import { decodeOrStub, samePerson } from "./decode-message.ts";
import { decodeAck, decodeReceipt } from "./decode-receipt.ts";

/** Lifetimes of QR codes as the library shows them: the first, and each that follows. */
const qrLifetimes = { firstMs: 60_000, nextMs: 20_000 } as const;

export interface EventPumpOptions {
  baileys: Baileys;
  socket: WASocket;
  auth: LinkAuth;
  /** Takes an observation; `first` must succeed before it is handed over. */
  push: (observation: LinkObservation, first?: Promise<unknown>) => void;
  /** The library reported the end, with its error. Called last, after everything it still held back. */
  onClosed: (error: unknown) => void;
  /** A QR code is shown or the account is logged in. */
  onProgress: (isLogin: boolean) => void;
  onAck: (waMessageId: string) => void;
}

/** Turns what the library and the raw stanzas tell into observations, in order. Returns a function that stops it. */
export function pumpEvents(options: EventPumpOptions): () => void {
  const { baileys, socket, auth, push, onClosed, onProgress, onAck } = options;
  const told = new LRUCache<string, true>({ maxSize: 5_000, sizeCalculation: () => 1 });
  let qrRound = 0;
  let loggedIn = false;
  let drained = false;

  const tellSamePerson = (one: string, other: string | null | undefined): void => {
    const pair = samePerson(one, other);
    if (!pair || told.has(`${pair.pn} ${pair.lid}`)) return;
    told.set(`${pair.pn} ${pair.lid}`, true);
    push({ kind: "same_person", ...pair });
  };

  const onMessages = ({ messages, type }: BaileysEventMap["messages.upsert"]): void => {
    for (const message of messages) {
      // `append` is how the library names what WhatsApp kept for us while we were away.
      const inbound = decodeOrStub(baileys, message, type === "append");
      if (!inbound) continue;
      tellSamePerson(inbound.jid, inbound.altJid);
      push({ kind: "inbound", message: inbound });
    }
  };

  const tellCaughtUp = (): void => {
    if (!drained || !loggedIn) return;
    if (told.has("caught up")) return;
    told.set("caught up", true);
    push({ kind: "caught_up" });
  };

  const onConnection = (update: BaileysEventMap["connection.update"]): void => {
    if (update.qr !== undefined) {
      qrRound++;
      onProgress(false);
      push({
        kind: "qr",
        value: update.qr,
        round: qrRound,
        ttlMs: qrRound === 1 ? qrLifetimes.firstMs : qrLifetimes.nextMs,
      });
    }
    if (update.isNewLogin) {
      const identity = auth.identity();
      push({ kind: "paired", identity }, auth.save({ ...identity, paired: true }));
    }
    if (update.connection === "open") {
      loggedIn = true;
      onProgress(true);
      const identity = auth.identity();
      push({ kind: "logged_in", identity }, auth.save(identity));
      tellCaughtUp();
    }
    if (update.receivedPendingNotifications) {
      drained = true;
      tellCaughtUp();
    }
    if (update.connection === "close") onClosed(update.lastDisconnect?.error);
  };

  // `process` hands over a turn's events together; the library has applied them to its own state by then.
  const stop = socket.ev.process((events) => {
    // The library destroys its buffer right after this event: what it holds must come out now, before the end is told.
    if (events["connection.update"]?.connection === "close") socket.ev.flush();
    if (events["creds.update"]) void auth.save().catch(() => {}); // its failure has ended the link
    if (events["messages.upsert"]) onMessages(events["messages.upsert"]);
    const mapping = events["lid-mapping.update"];
    if (mapping) tellSamePerson(mapping.pn, mapping.lid);
    for (const { pn, lid } of events["messaging-history.set"]?.lidPnMappings ?? []) tellSamePerson(pn, lid);
    if (events["connection.update"]) onConnection(events["connection.update"]);
  });

  socket.ws.on("CB:ack,class:message", (node: BinaryNode) => {
    const ack = decodeAck(node);
    if (ack?.kind !== "ack") return;
    onAck(ack.waMessageId);
    push(ack);
  });
  socket.ws.on("CB:receipt", (node: BinaryNode) => {
    for (const observation of decodeReceipt(node, Date.now())) push(observation);
  });

  return stop;
}
