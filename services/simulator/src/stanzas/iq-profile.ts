import { devicesThatKnow } from "../acquaintances.ts";
import { isAdmin } from "../groups/group.ts";
import type { Network } from "../network.ts";
import { personJid } from "../protocol/jid.ts";
import { bytesOf, node } from "../protocol/node.ts";
import type { IqAnswer, IqHandlers, IqRequest } from "./iq.ts";

const MAX_PICTURE_BYTES = 1024 * 1024;
const notFound: IqAnswer = { error: { code: "404", text: "item-not-found" } };
const forbidden: IqAnswer = { error: { code: "401", text: "not-authorized" } };
const bad: IqAnswer = { error: { code: "406", text: "not-acceptable" } };

/** Pictures of people and groups; the bytes lie on the media server, unencrypted, as real profile pictures do. */
export const profileQueries: IqHandlers = {
  "get w:profile:picture picture": ({ network, companion, iq, subject }) => {
    const asker = companion.address.phone;
    const target = iq.attrs["target"] ?? personJid(asker, "pn");
    const path = pictureFor(network, target, asker);
    if (path === undefined) return notFound;
    if (path === false) return forbidden;
    const url = `https://${network.mediaHostFor(asker)}${path}`;
    const id = path.slice(-10);
    return { content: [node("picture", { id, type: subject?.attrs["type"] ?? "image", url, direct_path: path })] };
  },
  "set w:profile:picture picture": (request) => {
    const bytes = bytesOf(request.subject);
    return bytes && bytes.length > 0 && bytes.length <= MAX_PICTURE_BYTES ? change(request, bytes) : bad;
  },
  "set w:profile:picture": (request) => change(request, undefined),
};

/** Sets or takes away a person's picture and tells those who know the number. */
export function setPicture(network: Network, phone: string, bytes: Buffer | undefined): string | undefined {
  const account = network.accounts.get(phone);
  account.picture = bytes && network.media.put(bytes);
  const change = bytes ? node("set", { id: account.picture?.slice(-10) }) : node("delete");
  for (const other of [...account.companions.values(), ...devicesThatKnow(network, phone)]) {
    network.notify(other, personJid(phone, network.addressing), "picture", [change]);
  }
  return account.picture;
}

function change({ network, companion, iq }: IqRequest, bytes: Buffer | undefined): IqAnswer {
  const own = companion.address.phone;
  const { target } = iq.attrs;
  const group = target?.endsWith("@g.us") ? network.groups.get(target) : undefined;
  if (target !== undefined && !group && network.accounts.resolve(target)?.account.number !== own) return forbidden;
  if (group) {
    if (group.locked && !isAdmin(group, own)) return forbidden;
    group.picture = bytes && network.media.put(bytes);
    network.groupsChanged();
    return { content: [node("picture", { id: group.picture?.slice(-10) })] };
  }
  return { content: [node("picture", { id: setPicture(network, own, bytes)?.slice(-10) })] };
}

/** Path of the picture; false: this person does not show it to that one; undefined: there is none. */
function pictureFor(network: Network, target: string, asker: string): string | undefined | false {
  if (target.endsWith("@g.us")) return network.groups.get(target)?.picture;
  const account = network.accounts.resolve(target)?.account;
  if (!account) return undefined;
  const hidden = account.privacy.get("profile") === "none" || account.blocked.has(asker);
  return hidden && account.number !== asker ? false : account.picture;
}
