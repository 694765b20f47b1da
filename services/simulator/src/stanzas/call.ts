import type { Companion } from "../accounts.ts";
import type { Network } from "../network.ts";
import { type BinaryNode, children, node } from "../protocol/node.ts";

/** A device does something about a call: a rejection counts, anything else has nobody to talk to here. */
export function handleCall(network: Network, companion: Companion, stanza: BinaryNode): void {
  const { id, to } = stanza.attrs;
  const [action] = children(stanza);
  const known = action?.tag === "reject";
  if (known) network.calls.reject(network, companion, action.attrs["call-id"] ?? "");
  else network.unknown.record(`call ${action?.tag ?? ""}`, stanza);
  const error = known ? undefined : "501";
  companion.link?.send(node("ack", { class: "call", id, from: to, type: action?.tag, error }));
}
