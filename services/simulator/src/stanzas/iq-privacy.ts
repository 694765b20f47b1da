import { setBlocked } from "../blocking.ts";
import { tryParsePersonJid, personJid } from "../protocol/jid.ts";
import { children, node } from "../protocol/node.ts";
import type { IqHandlers } from "./iq.ts";

const SETTINGS = ["readreceipts", "last", "online", "profile", "status", "groupadd", "calladd", "messages"];
const VALUES = ["all", "contacts", "contact_blacklist", "match_last_seen", "known", "none"];

/** Block list, privacy settings and privacy tokens. */
export const privacyQueries: IqHandlers = {
  "get blocklist": ({ network, companion }) => {
    const { blocked } = network.accounts.get(companion.address.phone);
    return {
      content: [
        node(
          "list",
          {},
          [...blocked].map((phone) => node("item", { jid: personJid(phone, "lid") })),
        ),
      ],
    };
  },
  "set blocklist item": ({ network, companion, subject }) => {
    const person = tryParsePersonJid(subject?.attrs["jid"]);
    if (!person) return { error: { code: "400", text: "bad-request" } };
    const blocked = subject?.attrs["action"] === "block";
    setBlocked(network, companion.address.phone, person.phone, blocked, companion);
    return {};
  },
  // With anything but "all" for readreceipts the client would send read-self instead of read.
  "get privacy privacy": ({ network, companion }) => {
    const { privacy } = network.accounts.get(companion.address.phone);
    const categories = SETTINGS.map((name) => node("category", { name, value: privacy.get(name) ?? "all" }));
    return { content: [node("privacy", {}, categories)] };
  },
  "set privacy privacy": ({ network, companion, subject }) => {
    const { number, privacy } = network.accounts.get(companion.address.phone);
    for (const { attrs } of children(subject)) {
      const { name = "", value = "" } = attrs;
      if (!SETTINGS.includes(name) || !VALUES.includes(value)) return { error: { code: "400", text: "bad-request" } };
      privacy.set(name, value);
    }
    network.changed(number);
    return { content: [node("privacy", {}, children(subject))] };
  },
  // Tokens are accepted and not asked for: sending to a contact needs none here.
  "set privacy tokens": ({ network, subject }) => {
    network.stats.privacyTokens += children(subject).length;
    return {};
  },
};
