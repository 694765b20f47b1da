import type { Companion } from "../accounts.ts";
import type { Link } from "../link.ts";
import type { Network } from "../network.ts";
import { type BinaryNode, children, node } from "../protocol/node.ts";
import { appStateQueries } from "./iq-app-state.ts";
import { encryptQueries } from "./iq-encrypt.ts";
import { groupQueries } from "./iq-groups.ts";
import { mediaQueries } from "./iq-media.ts";
import { limitQueries } from "./iq-limits.ts";
import { privacyQueries } from "./iq-privacy.ts";
import { profileQueries } from "./iq-profile.ts";
import { sessionQueries } from "./iq-session.ts";
import { usyncQueries } from "./iq-usync.ts";
import { endLinkByFault } from "./message-faults.ts";

/** A request of a logged-in device. */
export interface IqRequest {
  readonly network: Network;
  readonly link: Link;
  readonly companion: Companion;
  readonly iq: BinaryNode;
  /** First child: what is asked; undefined for a bare request. */
  readonly subject: BinaryNode | undefined;
}

/** Content of the result, or a refusal. */
export type IqAnswer = { content?: BinaryNode[]; error?: undefined } | { error: { code: string; text: string } };

/** Handlers by `<type> <xmlns> <tag of the first child>`. */
export type IqHandlers = Readonly<Record<string, (request: IqRequest) => IqAnswer>>;

const handlers: IqHandlers = {
  ...sessionQueries,
  ...encryptQueries,
  ...usyncQueries,
  ...limitQueries,
  ...privacyQueries,
  ...appStateQueries,
  ...groupQueries,
  ...mediaQueries,
  ...profileQueries,
};

/** Answers a request. What is not known is refused as not implemented and recorded, never left without an answer. */
export function handleIq(network: Network, link: Link, companion: Companion, iq: BinaryNode): void {
  const { type, xmlns = "", id } = iq.attrs;
  if (type !== "get" && type !== "set") return; // a result or an error to a request of ours
  const subject = children(iq)[0];
  const name = `${type} ${xmlns} ${subject?.tag ?? ""}`.trimEnd();
  const sender = companion.address.phone;
  endLinkByFault(network, link, sender, "query");
  const asked = { sender, where: { xmlns, tag: subject?.tag } };
  if (network.faults.hit("withhold_answer", asked)) return;
  if (name === "get encrypt key" && network.faults.hit("withhold_prekeys", { sender })) return;
  const refused = network.faults.hit("refuse_query", asked);
  const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  if (!handler) network.unknown.record(name, iq);
  const answer: IqAnswer = refused
    ? { error: { code: String(refused.code), text: refused.text } }
    : handler
      ? attempt(handler, { network, link, companion, iq, subject })
      : { error: { code: "501", text: "feature-not-implemented" } };
  const from = iq.attrs["to"]?.endsWith("@g.us") ? iq.attrs["to"] : "s.whatsapp.net";
  if (answer.error) link.send(node("iq", { from, type: "error", id }, [node("error", answer.error)]));
  else link.send(node("iq", { from, type: "result", id }, answer.content));
}

/** An answer also when the handler fails: the client would wait a minute for nothing. */
function attempt(handler: (request: IqRequest) => IqAnswer, request: IqRequest): IqAnswer {
  try {
    return handler(request);
  } catch (error) {
    request.network.logger.warn({ err: error, xmlns: request.iq.attrs["xmlns"] }, "A request could not be handled");
    return { error: { code: "500", text: "internal-server-error" } };
  }
}
