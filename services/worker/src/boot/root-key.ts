/** Where the worker connects to, and whom it trusts there. Both unset: the real network under its own root key. */
export interface NetworkSettings {
  /** WebSocket address of a simulated network, such as ws://127.0.0.1:3010/ws/chat. */
  webSocketUrl?: string | undefined;
  /** The simulated network's root key: 32 bytes in base64. */
  rootKey?: string | undefined;
}

export type RootKeyDecision =
  | { kind: "own" }
  | { kind: "replace"; publicKey: Buffer<ArrayBuffer>; host: string }
  | { kind: "refuse"; advice: string };

/**
 * What to do about `WHATSAPP_ROOT_KEY`: whether the certificate root may be replaced. Only together with an address that is not WhatsApp's: on the real network
 * a foreign root would let anyone stand in the middle.
 */
export function decideRootKey({ webSocketUrl, rootKey }: NetworkSettings): RootKeyDecision {
  if (rootKey === undefined) return { kind: "own" };
  if (webSocketUrl === undefined) {
    return {
      kind: "refuse",
      advice: "is only for a simulated network: set WHATSAPP_URL or remove it",
    };
  }
  const host = URL.canParse(webSocketUrl) ? new URL(webSocketUrl).hostname : "";
  if (/(^|\.)whatsapp\.(com|net)$/i.test(host)) {
    return { kind: "refuse", advice: `must not be used with the real network (${host})` };
  }
  const publicKey = Buffer.from(rootKey, "base64");
  if (publicKey.length !== 32) {
    return { kind: "refuse", advice: `must be 32 bytes in base64, these are ${publicKey.length}` };
  }
  return { kind: "replace", publicKey, host };
}
