import { tryParsePersonJid, personJid } from "../protocol/jid.ts";
import { children, node } from "../protocol/node.ts";
import type { IqHandlers } from "./iq.ts";

const SETTINGS = ["readreceipts", "last", "online", "profile", "status", "groupadd", "calladd"];

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
    const { blocked } = network.accounts.get(companion.address.phone);
    if (subject?.attrs["action"] === "block") blocked.add(person.phone);
    else blocked.delete(person.phone);
    network.changed(companion.address.phone);
    return {};
  },
  // With anything but "all" for readreceipts the client would send read-self instead of read.
  "get privacy privacy": () => ({
    content: [
      node(
        "privacy",
        {},
        SETTINGS.map((name) => node("category", { name, value: "all" })),
      ),
    ],
  }),
  // Tokens are accepted and not asked for: sending to a contact needs none here.
  "set privacy tokens": ({ network, subject }) => {
    network.stats.privacyTokens += children(subject).length;
    return {};
  },
};
