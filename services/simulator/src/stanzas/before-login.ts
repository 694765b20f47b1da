import type { Link } from "../link.ts";
import type { Network } from "../network.ts";
import { type BinaryNode, node } from "../protocol/node.ts";

/** A client that is not linked yet speaks: about its pairing, or it is told that nothing else is understood. */
export function handleBeforeLogin(network: Network, link: Link, stanza: BinaryNode): void {
  if (stanza.tag !== "iq") return;
  if (stanza.attrs["type"] === "result") return network.pairing.answered(link, stanza);
  const answer = network.pairingCodes.handle(link, stanza);
  const head = { from: "s.whatsapp.net", id: stanza.attrs["id"] };
  if (answer) return link.send(node("iq", { ...head, type: "result" }, answer.content));
  network.unknown.record(`before login: ${stanza.attrs["xmlns"] ?? ""}`, stanza);
  const error = node("error", { code: "501", text: "feature-not-implemented" });
  link.send(node("iq", { ...head, type: "error" }, [error]));
}
