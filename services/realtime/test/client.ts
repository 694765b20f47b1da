import type {
  ClientToServerEvents,
  EventBatch,
  Hello,
  PairingUpdate,
  ServerToClientEvents,
  SubscribeResult,
} from "@flotilla/shared/contract/realtime";
import { type Cursor, decideBatch } from "@flotilla/shared/domain/event-cursor";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { io, type Socket } from "socket.io-client";

type ClientSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

/** One raw connection. */
function connect(url: string, auth: Record<string, unknown>, extraHeaders = {}): ClientSocket {
  return io(`${url}/realtime`, { transports: ["websocket"], auth, extraHeaders, forceNew: true, reconnection: false });
}

/** What a refused client is told. */
export async function refusalOf(url: string, auth: Record<string, unknown>, headers = {}): Promise<unknown> {
  const socket = connect(url, auth, headers);
  const error = await new Promise<Error & { data?: { code: string } }>((resolve, reject) => {
    socket.once("connect_error", resolve);
    socket.once("connect", () => reject(new Error("the client was let in")));
  }).finally(() => socket.disconnect());
  return error.data?.code ?? error.message;
}

/** Connects and waits for the hello. */
export async function openClient(url: string, auth: Record<string, unknown>) {
  const socket = connect(url, auth);
  const pairing: PairingUpdate[] = [];
  const batches: EventBatch[] = [];
  socket.on("pairing", (update) => pairing.push(update));
  socket.on("events", (batch, ack) => {
    batches.push(batch);
    ack?.();
  });
  const hello = await new Promise<Hello>((resolve, reject) => {
    socket.once("hello", resolve);
    socket.once("connect_error", reject);
  });
  return {
    socket,
    hello,
    pairing,
    batches,
    async subscribe(topics: { topic: string; after?: number; log_id?: string }[]): Promise<SubscribeResult[]> {
      const answer = await socket.timeout(5_000).emitWithAck("subscribe", { topics });
      if ("problem" in answer) throw new Error(answer.problem);
      return answer.results;
    },
    [Symbol.asyncDispose]: async () => void socket.disconnect(),
  };
}

/**
 * A client as the contract wants it: applies batches by the four rules, keeps its cursor, and after every loss of the
 * connection goes on from there at whichever replica answers.
 */
export function follow(urls: readonly string[], auth: Record<string, unknown>, topic: string) {
  let cursor: Cursor | null = null;
  const applied: number[] = [];
  let socket: ClientSocket | null = null;
  let attempt = 0;
  let closed = false;

  function open(): void {
    if (closed) return;
    const current = connect(urls[attempt++ % urls.length]!, auth);
    socket = current;
    const again = () => {
      if (closed || socket !== current) return;
      current.disconnect();
      setTimeout(open, 20);
    };
    const subscribe = () => {
      const position = cursor === null ? {} : { after: cursor.last, log_id: cursor.logId };
      current.emit("subscribe", { topics: [{ topic, ...position }] }, (answer) => {
        const result = "results" in answer ? answer.results[0] : undefined;
        if (result === undefined || !("ok" in result) || !result.ok) again();
        else cursor ??= { logId: result.log_id, last: result.head };
      });
    };
    current.on("connect", subscribe);
    current.on("connect_error", again);
    current.on("disconnect", again);
    current.on("events", (batch, ack) => {
      if (cursor === null) throw new Error("a batch came before the answer to subscribe");
      const decision = decideBatch(cursor, batch);
      if (decision === "apply") {
        for (const event of batch.events) if (event.sequence > cursor.last) applied.push(event.sequence);
        cursor.last = batch.to;
      } else if (decision === "resume") subscribe();
      ack?.();
    });
  }

  open();
  return {
    applied,
    cursor: () => cursor,
    started: () => waitFor(() => cursor !== null, { describe: "the client to follow" }),
    reached: (sequence: number) =>
      waitFor(() => cursor !== null && cursor.last >= sequence, {
        describe: `the client to reach event ${sequence}, being at ${cursor?.last}`,
        timeoutMs: 30_000,
      }),
    [Symbol.asyncDispose]: async () => {
      closed = true;
      socket?.disconnect();
    },
  };
}
