/** What we use of the WebSocket below the library's client. */
export interface RawSocket {
  send(data: unknown, ...rest: unknown[]): void;
  terminate(): void;
}

export interface GateRules {
  /** False: the lease's deadline has passed and no byte may leave. */
  mayAct: () => boolean;
  /** Instead of sending; ends the connection. */
  onRefused: () => void;
  onSent: () => void;
}

/**
 * Puts the lease's deadline between the library and the wire. It sits on the raw socket because the library captured its
 * client's own `send` when it made the socket: replacing that one has no effect. A refused send fails like one on a closed
 * connection, so the library's call rejects.
 */
export function gateRawSend(raw: RawSocket, { mayAct, onRefused, onSent }: GateRules): void {
  const send = raw.send.bind(raw);
  raw.send = (data, ...rest) => {
    if (mayAct()) {
      send(data, ...rest);
      onSent();
      return;
    }
    onRefused();
    const done = rest.at(-1);
    if (typeof done === "function") (done as (error: Error) => void)(new Error("the lease does not allow sending"));
  };
}
