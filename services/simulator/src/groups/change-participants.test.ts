import { describe, expect, it } from "vitest";
import { changeParticipants, mayChange, type ParticipantAction } from "./change-participants.ts";
import { createGroup, type Group, mayWrite } from "./group.ts";

const people = { exists: (phone: string) => phone !== "404", canBeAdded: (phone: string) => phone !== "403" };

function aGroup(): Group {
  const group = createGroup({ id: "120363000000000001@g.us", creator: "1", subject: "s", now: 0 });
  group.participants.set("2", "admin").set("3", "member");
  return group;
}

describe("changeParticipants", () => {
  const cases: [ParticipantAction, string, string | undefined, string | undefined][] = [
    ["add", "9", undefined, "member"],
    ["add", "3", "409", "member"],
    ["add", "404", "404", undefined],
    ["add", "403", "403", undefined],
    ["remove", "3", undefined, undefined],
    ["remove", "9", "404", undefined],
    ["remove", "1", "403", "superadmin"],
    ["promote", "3", undefined, "admin"],
    ["promote", "9", "404", undefined],
    ["demote", "2", undefined, "member"],
    ["demote", "1", "403", "superadmin"],
  ];
  it.each(cases)("%s %s gives error %s and leaves role %s", (action, phone, error, role) => {
    const group = aGroup();
    expect(changeParticipants(group, "2", action, [phone], people)).toEqual([{ phone, error }]);
    expect(group.participants.get(phone)).toBe(role);
  });

  it("lets members add while the group allows it, and do nothing else", () => {
    const group = aGroup();
    expect(mayChange(group, "3", "add")).toBe(true);
    expect(mayChange(group, "3", "remove")).toBe(false);
    expect(mayChange(group, "9", "add")).toBe(false);
    group.membersAdd = false;
    expect(mayChange(group, "3", "add")).toBe(false);
  });

  it("lets only admins write while the group is for announcements", () => {
    const group = aGroup();
    expect([mayWrite(group, "3"), mayWrite(group, "9")]).toEqual([true, false]);
    group.announce = true;
    expect([mayWrite(group, "3"), mayWrite(group, "2")]).toEqual([false, true]);
  });
});
