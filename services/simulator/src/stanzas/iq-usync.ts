import { isPhone, personJid, tryParsePersonJid } from "../protocol/jid.ts";
import { type BinaryNode, child, children, node, textOf } from "../protocol/node.ts";
import type { Network } from "../network.ts";
import type { IqHandlers } from "./iq.ts";

/** Look-ups of people: who is on WhatsApp, with which devices, under which hidden id. */
export const usyncQueries: IqHandlers = {
  "get usync usync": ({ network, subject }) => {
    const protocols = children(child(subject, "query")).map(({ tag }) => tag);
    const users = children(child(subject, "list")).map((user) => lookUp(network, protocols, user));
    return {
      content: [
        node("usync", subject?.attrs, [
          node(
            "result",
            {},
            protocols.map((protocol) => node(protocol)),
          ),
          node("list", {}, users),
        ]),
      ],
    };
  },
};

function lookUp(network: Network, protocols: string[], user: BinaryNode): BinaryNode {
  const asked = user.attrs["jid"];
  const typed = textOf(child(user, "contact"))?.replace(/\D/g, "");
  const jid = asked ?? (typed ? `${typed}@s.whatsapp.net` : undefined);
  const person = tryParsePersonJid(jid);
  if (!person || !isPhone(person.phone)) {
    return node("user", { jid }, protocols.includes("contact") ? [node("contact", { type: "invalid" })] : []);
  }
  const devices = network.devicesOf(person.phone);
  const content = protocols.flatMap((protocol): BinaryNode[] => {
    switch (protocol) {
      case "contact":
        return [node("contact", { type: devices ? "in" : "out" })];
      case "devices":
        return devices ? [deviceList(devices)] : [];
      case "lid":
        // Asked by LID, the answer names the LID and nothing else: the client matches by what it asked.
        if (!devices || person.kind === "lid" || network.behaviourOf(person.phone).addressing === "pn") return [];
        return [node("lid", { val: personJid(person.phone, "lid") })];
      case "status":
        return devices ? [node("status", { t: "0" }, Buffer.from(network.accounts.get(person.phone).about))] : [];
      case "disappearing_mode":
        return devices ? [node("disappearing_mode", { duration: "0", t: "0" })] : [];
      default:
        return [];
    }
  });
  return node("user", { jid: personJid(person.phone, person.kind) }, content);
}

function deviceList(devices: number[]): BinaryNode {
  const list = devices.map((device) =>
    node("device", { id: String(device), "key-index": device === 0 ? undefined : String(device) }),
  );
  return node("devices", {}, [node("device-list", { hash: `2:${devices.join("-")}` }, list)]);
}
