import { createHash } from "node:crypto";
import type { BinaryNode, GroupMetadata } from "@whiskeysockets/baileys";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Client, eventually, TestNetwork } from "./client.ts";

const READ = "15550004001";
const OTHER = "15550004002";
const jidOf = (phone: string): string => `${phone}@s.whatsapp.net`;
const holds = ({ content }: BinaryNode, tag: string): boolean =>
  Array.isArray(content) && content.some((child) => child.tag === tag);
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe.each(["lid", "pn"] as const)("groups of Baileys clients with %s addressing", (addressing) => {
  let net: TestNetwork;
  const rows = (phone: string, client: Client) =>
    net.simulator.network.ledger.page({ phone, sender: client.phone, after: 0, limit: 100 });
  const saw = (client: Client, text: string, group: string) =>
    client.inbound().some((message) => message.text === text && message.from === group);
  const hasGroup = (client: Client, id: string) => client.groups.some((group) => group.id === id);

  beforeAll(async () => {
    net = await TestNetwork.open({ addressing });
  });
  afterEach(async () => net.clean());
  afterAll(async () => net[Symbol.asyncDispose]());

  async function threeInAGroup(): Promise<{ ann: Client; bob: Client; cleo: Client; id: string; made: GroupMetadata }> {
    const [ann, bob, cleo] = [await net.pair(), await net.pair(), await net.pair()];
    const made = await ann.socket.groupCreate("Friends", [jidOf(bob.phone), jidOf(READ)]);
    await eventually("bob knows the group", () => hasGroup(bob, made.id));
    return { ann, bob, cleo, id: made.id, made };
  }

  it("creates a group whose metadata names its members by both addresses", async () => {
    const { ann, bob, made, id } = await threeInAGroup();
    expect(made).toMatchObject({ subject: "Friends", addressingMode: addressing, size: 3 });
    const metadata = await bob.socket.groupMetadata(id);
    const creator = metadata.participants.find(({ admin }) => admin === "superadmin");
    const [pn, lid] = [jidOf(ann.phone), (ann.creds.me?.lid ?? "").replace(/:\d+/, "")];
    expect(creator).toMatchObject(addressing === "lid" ? { id: lid, phoneNumber: pn } : { id: pn, lid });
    expect(Object.keys(await bob.socket.groupFetchAllParticipating())).toContain(id);
  });

  it("carries messages to old and new members and contacts, with receipts, and not to removed ones", async () => {
    const { ann, bob, cleo, id } = await threeInAGroup();
    const first = (await ann.socket.sendMessage(id, { text: "first" }))?.key.id ?? "";
    await eventually("bob has the first", () => saw(bob, "first", id));
    await eventually("the contact decrypted it", () => rows(READ, ann)[0]?.text_sha256 === sha256("first"));
    await eventually("the contact's receipts", () =>
      ann.groupReceipts.some(({ key, receipt }) => key.id === first && receipt.readTimestamp),
    );

    expect(await ann.socket.groupParticipantsUpdate(id, [jidOf(cleo.phone)], "add")).toMatchObject([{ status: "200" }]);
    await eventually("cleo knows the group", () => hasGroup(cleo, id));
    await ann.socket.sendMessage(id, { text: "second" });
    await eventually("bob has the second", () => saw(bob, "second", id));
    await eventually("cleo has the second", () => saw(cleo, "second", id));
    await cleo.socket.sendMessage(id, { text: "from cleo" });
    await eventually("ann has cleo's", () => saw(ann, "from cleo", id));

    await ann.socket.groupParticipantsUpdate(id, [jidOf(cleo.phone)], "remove");
    await ann.socket.sendMessage(id, { text: "third" });
    await eventually("bob has the third", () => saw(bob, "third", id));
    expect(saw(cleo, "third", id)).toBe(false);
    await expect(cleo.socket.sendMessage(id, { text: "still here?" })).rejects.toThrow("forbidden");
    expect(rows(READ, ann).map(({ visible_copies }) => visible_copies)).toEqual([1, 1, 1]);
  });

  it("says for each number what became of it", async () => {
    const { ann, bob, id } = await threeInAGroup();
    const numbers = [bob.phone, "99900000001", OTHER].map(jidOf);
    const added = await ann.socket.groupParticipantsUpdate(id, numbers, "add");
    expect(added.map(({ status }) => status)).toEqual(["409", "404", "200"]);
    const promoted = await ann.socket.groupParticipantsUpdate(id, [jidOf(bob.phone)], "promote");
    expect(promoted).toMatchObject([{ status: "200" }]);
    await eventually("bob is an admin", () =>
      bob.stanzas.some(({ content }) => Array.isArray(content) && content[0]?.tag === "promote"),
    );
    expect(await ann.socket.groupParticipantsUpdate(id, [jidOf(bob.phone)], "demote")).toMatchObject([
      { status: "200" },
    ]);
  });

  it("lets only those change a group who may", async () => {
    const { ann, bob, id } = await threeInAGroup();
    await ann.socket.groupSettingUpdate(id, "announcement");
    await ann.socket.groupSettingUpdate(id, "locked");
    expect(await bob.socket.groupMetadata(id)).toMatchObject({ announce: true, restrict: true });
    await expect(bob.socket.groupUpdateSubject(id, "Mine now")).rejects.toThrow("forbidden");
    await expect(bob.socket.groupParticipantsUpdate(id, [jidOf(READ)], "remove")).rejects.toThrow("forbidden");
    const sent = (await bob.socket.sendMessage(id, { text: "may I?" }))?.key.id ?? "";
    expect((await eventually("the refusal", () => bob.ackOf(sent))).attrs["error"]).toBe("403");
    await ann.socket.groupUpdateSubject(id, "Announcements");
    await ann.socket.groupUpdateDescription(id, "what this is about");
    expect(await bob.socket.groupMetadata(id)).toMatchObject({ subject: "Announcements", desc: "what this is about" });
    await ann.socket.groupUpdateDescription(id, "");
    expect((await bob.socket.groupMetadata(id)).desc).toBeUndefined();
  });

  it("is joined by its link until the link is revoked, and left", async () => {
    const { ann, bob, cleo, id } = await threeInAGroup();
    const code = (await ann.socket.groupInviteCode(id)) ?? "";
    expect(await cleo.socket.groupGetInviteInfo(code)).toMatchObject({ id, subject: "Friends" });
    expect(await cleo.socket.groupAcceptInvite(code)).toBe(id);
    await bob.socket.groupLeave(id);
    const { participants } = await ann.socket.groupMetadata(id);
    expect(participants).toHaveLength(3);
    await ann.socket.groupRevokeInvite(id);
    await expect(bob.socket.groupAcceptInvite(code)).rejects.toThrow("gone");
    await expect(bob.socket.groupMetadata(id)).rejects.toThrow("forbidden");
  });

  it("lets people in by link only when an admin approves, where that is asked for", async () => {
    const { ann, bob, cleo, id } = await threeInAGroup();
    await ann.socket.groupJoinApprovalMode(id, "on");
    const code = (await ann.socket.groupInviteCode(id)) ?? "";
    expect(await cleo.socket.groupAcceptInvite(code)).toBeUndefined();
    expect((await ann.socket.groupMetadata(id)).size).toBe(3);
    await eventually("ann is told", () => ann.stanzas.some((stanza) => holds(stanza, "created_membership_requests")));
    expect(bob.stanzas.some((stanza) => holds(stanza, "created_membership_requests"))).toBe(false);
    await expect(bob.socket.groupRequestParticipantsList(id)).rejects.toThrow("forbidden");

    const [request] = await ann.socket.groupRequestParticipantsList(id);
    const asked = request?.["jid"] ?? "";
    expect(request?.["request_time"]).toMatch(/^\d{10}$/);
    expect(await ann.socket.groupRequestParticipantsUpdate(id, [asked], "reject")).toMatchObject([{ status: "200" }]);
    expect(await ann.socket.groupRequestParticipantsList(id)).toEqual([]);
    expect(await ann.socket.groupRequestParticipantsUpdate(id, [asked], "approve")).toMatchObject([{ status: "404" }]);

    await cleo.socket.groupAcceptInvite(code);
    expect(await ann.socket.groupRequestParticipantsUpdate(id, [asked], "approve")).toMatchObject([{ status: "200" }]);
    await eventually("cleo knows the group", () => hasGroup(cleo, id));
    await ann.send(id, "welcome");
    await eventually("cleo reads", () => saw(cleo, "welcome", id));
  });

  it("brings what a person writes into a group to every member, and again to one that lost its Signal sessions", async () => {
    const { ann, bob, id } = await threeInAGroup();
    const person = net.simulator.network.accounts.get(READ).phone;
    await person.write(id, "hello all");
    await eventually("ann has it", () => saw(ann, "hello all", id));
    await eventually("bob has it", () => saw(bob, "hello all", id));
    await person.write(id, "without a new key");
    await eventually("ann has the second", () => saw(ann, "without a new key", id));
    bob.forgetSenderKeys();
    await person.write(id, "lost");
    await eventually("bob has it by a retry", () => saw(bob, "lost", id));
    const [line] = net.simulator.network.chats.messages(READ, { chat: id, limit: 1 });
    expect(line).toMatchObject({ author: READ, from_me: true, text: "lost" });
  });

  it("gives a contact the sender key again that it has lost", async () => {
    const { ann, id } = await threeInAGroup();
    await ann.send(id, "one");
    await eventually("the first", () => rows(READ, ann).length === 1);
    net.simulator.network.accounts.get(READ).phone.senderKeys.clear();
    await ann.send(id, "two");
    await eventually("the second by a retry", () => rows(READ, ann)[1]?.text_sha256 === sha256("two"));
    expect(rows(READ, ann)[1]).toMatchObject({ visible_copies: 1, failed_decryptions: 1 });
  });
});
