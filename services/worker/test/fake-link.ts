import { randomUUID } from "node:crypto";
import type { CloseCause, LinkObservation, OpenLink } from "../src/ports.ts";

/** One frame that would have reached WhatsApp. */
export interface Frame {
  session: string;
  message: string;
  waMessageId: string;
  chat: string;
  lane: number;
  seq: number;
  resend: boolean;
}

/** A text that ends the process of a fake worker that touches it. */
export const poison = "this text ends whoever encodes it";

export interface FakeNetwork {
  openLink: OpenLink;
  frames: Frame[];
  /** What has been offered to scan, by session. */
  codes: Map<string, string>;
  scan(session: string): void;
  /** Ends the present link of a session as the network would. */
  close(session: string, cause: CloseCause): void;
  observe(session: string, seen: LinkObservation): void;
  /** Links open now, by session. */
  open: Map<string, number>;
  logouts: string[];
  /** Addresses whose devices were to be asked for anew. */
  forgotten: string[];
}

/**
 * A scripted stand-in for the WhatsApp link, behind the port: it pairs, logs in, claims like the real one (ratchet and
 * claim in one commit before the bytes), and acks. `answer` is the ack's error, undefined for silence.
 */
export function createFakeNetwork(
  options: {
    ackMs?: number;
    loginMs?: number;
    scanAtOnce?: boolean;
    answer?: (frame: Frame) => string | null | undefined;
    onFrame?: (frame: Frame) => void;
    /** Called with each text that is about to be encoded, before anything is claimed. */
    onEncode?: (body: unknown) => void;
  } = {},
): FakeNetwork {
  const {
    ackMs = 20,
    loginMs = 50,
    scanAtOnce = false,
    answer = () => null,
    onFrame = () => {},
    onEncode = () => {},
  } = options;
  const scanned = new Map<string, () => void>();
  const closers = new Map<string, (cause: CloseCause) => void>();
  const observers = new Map<string, (seen: LinkObservation) => void>();
  const network: FakeNetwork = {
    frames: [],
    codes: new Map(),
    open: new Map(),
    logouts: [],
    forgotten: [],
    scan: (session) => scanned.get(session)?.(),
    close: (session, cause) => closers.get(session)?.(cause),
    observe: (session, seen) => observers.get(session)?.(seen),
    async openLink(link) {
      const { sessionId, secrets, observe } = link;
      let alive = true;
      const tell = (seen: LinkObservation) => void (alive && observe(seen));
      const drop = (cause: CloseCause | null) => {
        if (!alive) return;
        if (cause !== null) void observe({ kind: "closed", cause });
        alive = false;
        network.open.set(sessionId, (network.open.get(sessionId) ?? 1) - 1);
      };
      network.open.set(sessionId, (network.open.get(sessionId) ?? 0) + 1);
      closers.set(sessionId, drop);
      observers.set(sessionId, tell);

      const pair = async () => {
        await secrets.writeCredentials(`sealed-${randomUUID()}`, { phone: "+5511900000000", paired: true });
        tell({ kind: "paired", identity: {} });
        drop({ kind: "restart_required" });
      };
      if (link.credentials === null) {
        const value = `2@${randomUUID()}`;
        network.codes.set(sessionId, value);
        tell({ kind: "qr", value, round: 1, ttlMs: 60_000 });
        const scan = () => void pair().catch(() => drop({ kind: "link_lost", code: 428, detail: "pair" }));
        if (scanAtOnce) setTimeout(scan, loginMs);
        else scanned.set(sessionId, scan);
      } else {
        setTimeout(() => {
          tell({ kind: "logged_in", identity: { phone: "+5511900000000" } });
          tell({ kind: "caught_up" });
        }, loginMs);
      }
      return {
        async send(row, claim) {
          if (!alive) throw new Error("the link is closed");
          onEncode(row.content["body"]);
          await secrets.writeKeys([{ type: "session", keyId: row.jid, value: randomUUID() }], claim);
          if (!alive || !link.mayAct()) throw new Error("the gate is closed");
          const frame: Frame = {
            session: sessionId,
            message: row.id,
            waMessageId: row.wa_message_id,
            chat: row.chat_id,
            lane: row.lane,
            seq: row.seq,
            resend: claim.resend,
          };
          network.frames.push(frame);
          onFrame(frame);
          const error = answer(frame);
          if (error === undefined) return;
          setTimeout(() => tell({ kind: "ack", waMessageId: row.wa_message_id, error }), ackMs);
        },
        forgetDevices: async (jid) => void network.forgotten.push(jid),
        trouble: () => null,
        terminate: (reason) => setImmediate(() => drop({ kind: "terminated_by_us", reason })),
        end: async () => drop(null),
        logout: async () => {
          network.logouts.push(sessionId);
          drop({ kind: "unlinked", detail: "logout" });
        },
      };
    },
  };
  return network;
}
