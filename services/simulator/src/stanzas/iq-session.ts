import { children, node, textOf } from "../protocol/node.ts";
import type { IqHandlers } from "./iq.ts";

/** Requests about the connection and the link itself. */
export const sessionQueries: IqHandlers = {
  // The device is ready for its stanzas. The phone speaks first to a new device, behind the offline marker.
  "set passive active": ({ network, link, companion }) => {
    network.scheduler.after(0, () => {
      if (companion.link !== link) return undefined;
      const noMarker = network.faults.hit("withhold_offline_marker", { sender: companion.address.phone });
      companion.queue.start((stanza) => {
        if (!noMarker || children(stanza)[0]?.tag !== "offline") link.send(stanza);
      });
      return network.bootstrap(companion);
    });
    return {};
  },
  "set passive passive": () => ({}),
  "get w:p ping": () => ({}),
  "get w:p": () => ({}),
  "set md remove-companion-device": ({ network, companion, subject }) => {
    const target = network.accounts.resolve(subject?.attrs["jid"]);
    if (target?.account.number !== companion.address.phone || target.device === 0) {
      return { error: { code: "404", text: "item-not-found" } };
    }
    network.scheduler.after(0, () => void network.unlink(target.account, target.device, "logged_out"));
    return {};
  },
  "get abt props": () => ({
    content: [
      node("props", { protocol: "1", hash: "simulator-1" }, [
        // Recognised by Baileys: privacy tokens on 1:1 messages, on profile pictures, issued to the LID.
        node("prop", { name: "10518", value: "1" }),
        node("prop", { name: "9666", value: "0" }),
        node("prop", { name: "14303", value: "1" }),
      ]),
    ],
  }),
  "set urn:xmpp:whatsapp:dirty clean": () => ({}),
  "set w:stats add": () => ({}),
  "set status status": ({ network, companion, subject }) => {
    network.accounts.get(companion.address.phone).about = textOf(subject) ?? "";
    network.changed(companion.address.phone);
    return {};
  },
};
