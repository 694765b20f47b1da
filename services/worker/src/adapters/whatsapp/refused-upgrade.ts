import type { IncomingMessage } from "node:http";

/**
 * Tells the library of an HTTP answer that came instead of the WebSocket. Its client listens to `unexpected-response` and
 * does nothing with it, so `ws` leaves the request open and neither an error nor a close follows, not even at the
 * handshake's timeout (seen with 7.0.0-rc14). The error is worded as `ws` would word it without that listener, because
 * the library reads the status from the text: "Unexpected server response: 503" becomes a close with code 503.
 */
export function reportRefusedUpgrade(client: NodeJS.EventEmitter): void {
  client.on("unexpected-response", (_request: unknown, response: IncomingMessage) => {
    response.resume();
    client.emit("error", new Error(`Unexpected server response: ${response.statusCode ?? 0}`));
  });
}
