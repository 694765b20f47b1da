import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { changeBehaviour, changeLid } from "../src/device-changes.ts";
import { behaviourRuleSchema } from "../src/people/behaviour-rules.ts";
import { personJid } from "../src/protocol/jid.ts";
import { type Client, eventually, TestNetwork } from "./client.ts";

const [DELIVERED, READ] = [3, 4];
const jidOf = (phone: string): string => `${phone}@s.whatsapp.net`;

describe("people", () => {
  let net: TestNetwork;
  beforeAll(async () => {
    net = await TestNetwork.open({ seed: 11 });
  });
  afterEach(async () => net.clean());
  afterAll(async () => net[Symbol.asyncDispose]());
  const network = () => net.simulator.network;
  const texts = (client: Client): string[] => client.inbound().map(({ text }) => text);
  const seen = (phone: string, sender: string) => network().ledger.page({ phone, sender, after: 0, limit: 100 });

  it("answer STOP to the message that is one too many, and are silent from then on", async () => {
    const client = await net.pair();
    await client.send(jidOf("99907000001"), "offer one");
    await eventually("STOP", () => texts(client).includes("STOP"));
    const second = await client.send(jidOf("99907000001"), "offer two");
    await eventually("read", () => client.reached(second, READ));
    expect(texts(client)).toEqual(["STOP"]);
  });

  it("follow a script of several turns", async () => {
    const client = await net.pair();
    changeBehaviour(network(), "15550102000", {
      delivered_after_ms: 0,
      reply: { mode: "script", after_ms: 0, turns: ["who is this?", "ah, hello"], repeat: false },
    });
    await client.send(jidOf("15550102000"), "hi");
    await eventually("the first turn", () => texts(client).includes("who is this?"));
    await client.send(jidOf("15550102000"), "it is me");
    await eventually("the second turn", () => texts(client).includes("ah, hello"));
    expect(texts(client)).toEqual(["who is this?", "ah, hello"]);
  });

  it("block: the server takes further messages, the phone never shows them", async () => {
    const client = await net.pair();
    const first = await client.send(jidOf("99909000001"), "one");
    await eventually("delivered", () => client.reached(first, DELIVERED));
    const second = await client.send(jidOf("99909000001"), "two");
    await eventually("ack", () => client.ackOf(second));
    const other = await client.send(jidOf("15550102001"), "to somebody else");
    await eventually("delivered elsewhere", () => client.reached(other, DELIVERED));
    expect(client.ackOf(second)?.attrs["error"]).toBeUndefined();
    expect(client.reached(second, DELIVERED)).toBe(false);
    expect(seen("99909000001", client.phone).map(({ wa_message_id }) => wa_message_id)).toEqual([first]);
  });

  it("come back from being away and receive what waited, in order", async () => {
    const client = await net.pair();
    const ids: string[] = [];
    for (const text of ["one", "two", "three"]) ids.push(await client.send(jidOf("99910000001"), text));
    await eventually("all at the network", () => network().waiting.count("99910000001") === 3);
    expect(ids.some((id) => client.reached(id, DELIVERED))).toBe(false);
    changeBehaviour(network(), "99910000001", { online: true });
    await eventually("all delivered", () => ids.every((id) => client.reached(id, DELIVERED)));
    expect(seen("99910000001", client.phone).map(({ wa_message_id }) => wa_message_id)).toEqual(ids);
  });

  it("with companions receive a copy on each device, and gain and lose devices while others write", async () => {
    const client = await net.pair();
    const before = network().stats.copiesCarried;
    const first = await client.send(jidOf("99908000001"), "to three devices");
    await eventually("delivered", () => client.reached(first, DELIVERED));
    expect(network().stats.copiesCarried - before).toBe(4); // and one for the sender's own phone
    changeBehaviour(network(), "99908000001", { companions: 0 });
    await eventually("the client knows", () =>
      client.stanzas.some(({ tag, attrs }) => tag === "notification" && attrs["type"] === "devices"),
    );
    const after = network().stats.copiesCarried;
    const second = await client.send(jidOf("99908000001"), "to one device");
    await eventually("delivered", () => client.reached(second, DELIVERED));
    expect(network().stats.copiesCarried - after).toBe(2);
  });

  it("under another hidden id are the same person to those who knew them", async () => {
    const client = await net.pair();
    const phone = "15550102002";
    const first = await client.send(jidOf(phone), "before");
    await eventually("delivered", () => client.reached(first, DELIVERED));
    const old = personJid(phone, "lid");
    expect(changeLid(network(), phone)).not.toBe(old);
    await network().accounts.get(phone).phone.write(client.phone, "it is still me");
    const received = await eventually("a message", () =>
      client.messages.find(({ message }) => !message.key.fromMe && message.message),
    );
    expect(received.message.key).toMatchObject({ remoteJid: personJid(phone, "lid"), remoteJidAlt: jidOf(phone) });
    for (const jid of [jidOf(phone), personJid(phone, "lid"), old]) {
      const id = await client.send(jid, `to ${jid}`);
      await eventually(`delivered to ${jid}`, () => client.reached(id, DELIVERED));
    }
    expect(seen(phone, client.phone).every(({ visible_copies }) => visible_copies === 1)).toBe(true);
  });

  it("that are not migrated write from their number, and from the hidden id once they are", async () => {
    const client = await net.pair();
    const phone = "99911000001";
    const person = network().accounts.get(phone).phone;
    await person.write(client.phone, "from my number");
    await eventually("the first", () => texts(client).includes("from my number"));
    changeBehaviour(network(), phone, { addressing: "lid" });
    await person.write(client.phone, "from my hidden id");
    await eventually("the second", () => texts(client).includes("from my hidden id"));
    expect(client.inbound().map(({ from }) => from)).toEqual([jidOf(phone), personJid(phone, "lid")]);
    const id = await client.send(personJid(phone, "lid"), "got both");
    await eventually("delivered", () => client.reached(id, DELIVERED));
  });

  it("that lost their Signal sessions ask again and see every message once", async () => {
    const client = await net.pair();
    const phone = "15550102003";
    const first = await client.send(jidOf(phone), "one");
    await eventually("delivered", () => client.reached(first, DELIVERED));
    await network().accounts.get(phone).phone.write(client.phone, "answer"); // no pkmsg from here on
    await eventually("the answer", () => texts(client).includes("answer"));
    network().accounts.get(phone).phone.signal.forgetSessions();
    const second = await client.send(jidOf(phone), "two");
    await eventually("delivered", () => client.reached(second, DELIVERED));
    expect(seen(phone, client.phone)).toMatchObject([{ visible_copies: 1 }, { visible_copies: 1, wire_copies: 2 }]);
  });

  it("follow rules for a share of a prefix, the same ones under the same seed", async () => {
    const numbers = Array.from({ length: 200 }, (_, index) => `1666010${String(index).padStart(4, "0")}`);
    const rule = behaviourRuleSchema.parse({ prefix: "1666010", share: 0.5, behaviour: { exists: false } });
    const chosen = (): string[] => {
      const { id } = network().rules.add(rule);
      const missing = numbers.filter((number) => !network().behaviourOf(number).exists);
      network().rules.remove(id);
      return missing;
    };
    const first = chosen();
    expect(first.length).toBeGreaterThan(70);
    expect(first.length).toBeLessThan(130);
    expect(chosen()).toEqual(first);
    expect(numbers.every((number) => network().behaviourOf(number).exists)).toBe(true);
    const client = await net.pair();
    network().rules.add(rule);
    const found = await client.socket.onWhatsApp(...numbers.slice(0, 20).map((number) => `+${number}`));
    const out = numbers.slice(0, 20).filter((number) => first.includes(number));
    expect(found?.filter(({ exists }) => exists).length).toBe(20 - out.length);
  });
});
