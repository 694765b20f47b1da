import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { Conduit } from "./conduit.ts";
import { forkRandom } from "./seeded-random.ts";

/** Away from the one who connected, or back to him. */
export type Direction = "up" | "down";

/** What the way between two parts is like. */
export interface Conditions {
  /** Each way, in milliseconds; order is kept. */
  latencyMs: number;
  /** Up to so much more, drawn anew for each chunk. */
  jitterMs: number;
  /** Each way. */
  bytesPerSecond: number;
  /**
   * A black hole, in both directions or one: bytes wait and arrive after healing, as TCP's repeats would bring them.
   * Connections that are made meanwhile are accepted and hear nothing.
   */
  hold: Direction | "both" | "none";
  /** Largest piece that is passed on at once. */
  sliceBytes: number;
  /** A connection is reset after so many bytes in one direction. */
  byteLimit: number;
}

const clear: Conditions = {
  latencyMs: 0,
  jitterMs: 0,
  bytesPerSecond: Infinity,
  hold: "none",
  sliceBytes: Infinity,
  byteLimit: Infinity,
};

/** A TCP proxy on loopback, controlled in this process. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Changes conditions for connections that are open and for those to come. */
  set(conditions: Partial<Conditions>): void;
  /** Back to a clear way; what was held flows. */
  heal(): void;
  /** Resets every connection (RST, no FIN). Returns how many. */
  resetAll(): number;
  /** Ends one direction of every connection and leaves the other. Returns how many. */
  halfCloseAll(direction: Direction): number;
  connections(): number;
}

/**
 * Listens on a free port and forwards to `target` (asked for each connection, so that it may move).
 *
 * @param seed of jitter, for each connection in the order in which they are made
 */
export async function openTcpProxy(target: () => number, seed: number): Promise<TcpProxy> {
  let conditions = { ...clear };
  let made = 0;
  const pairs = new Set<Pair>();
  const server = createServer({ allowHalfOpen: true }, (inner) => {
    const pair = openPair(inner, target(), () => conditions, forkRandom(seed, `connection ${made++}`));
    pairs.add(pair);
    pair.onGone(() => pairs.delete(pair));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const change = (next: Conditions) => {
    conditions = next;
    for (const pair of pairs) pair.look();
  };
  return {
    port: (server.address() as AddressInfo).port,
    set: (changed) => change({ ...conditions, ...changed }),
    heal: () => change({ ...clear }),
    resetAll() {
      const count = pairs.size;
      for (const pair of [...pairs]) pair.reset();
      return count;
    },
    halfCloseAll(direction) {
      for (const pair of pairs) pair.halfClose(direction);
      return pairs.size;
    },
    connections: () => pairs.size,
    async [Symbol.asyncDispose]() {
      for (const pair of [...pairs]) pair.reset();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

interface Pair {
  look(): void;
  reset(): void;
  halfClose(direction: Direction): void;
  onGone(listener: () => void): void;
}

function openPair(inner: Socket, port: number, conditions: () => Conditions, random: () => number): Pair {
  const outer = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const gone: (() => void)[] = [];
  let isOver = false;
  const reset = () => {
    if (isOver) return;
    isOver = true;
    inner.resetAndDestroy();
    outer.resetAndDestroy();
    for (const listener of gone) listener();
  };
  const over = () => {
    if (inner.destroyed && outer.destroyed) reset();
  };
  const up = new Conduit(inner, outer, "up", conditions, random, reset);
  const down = new Conduit(outer, inner, "down", conditions, random, reset);
  for (const socket of [inner, outer]) {
    socket.setNoDelay(true);
    // A reset on one side is passed on as one, unless the way is cut: then nobody hears of it.
    socket.on("error", () => (conditions().hold === "none" ? reset() : socket.destroy()));
    socket.on("close", over);
  }
  return {
    look() {
      if (conditions().hold === "none" && (inner.destroyed || outer.destroyed)) return reset();
      up.look();
      down.look();
    },
    reset,
    halfClose: (direction) => (direction === "up" ? up : down).end(),
    onGone: (listener) => gone.push(listener),
  };
}
