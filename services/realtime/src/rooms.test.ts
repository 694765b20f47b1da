import { describe, expect, it } from "vitest";
import type { OwnedKind, Role } from "./ports.ts";
import { mayJoin, topicRoom, tryParseTopic } from "./rooms.ts";

const id = "0198c0de-7a00-7000-8000-000000000001";
const access = {
  owns: async (tenant: string, kind: OwnedKind, of: string) => tenant === "mine" && of === id && kind !== "chat",
};
const verdict = (name: string, role: Role, tenantId = "mine") => {
  const topic = tryParseTopic(name);
  return topic === null ? "unknown" : mayJoin(access, { tenantId, role }, topic);
};

describe("tryParseTopic", () => {
  it.each(["", "tenants", "session:", "session:1", `room:${id}`, `session:${id}:x`, `topic:mine:tenant`, "tenant "])(
    "knows no topic %j",
    (name) => {
      expect(tryParseTopic(name)).toBeNull();
    },
  );

  it("takes ids in either case for the same topic", () => {
    expect(tryParseTopic(`session:${id.toUpperCase()}`)).toEqual({ topic: `session:${id}`, kind: "session", id });
  });
});

describe("mayJoin", () => {
  it.each<[string, Role, string]>([
    ["tenant", "viewer", "allowed"],
    ["inbox", "inbox", "allowed"],
    [`session:${id}`, "viewer", "allowed"],
    [`chat:${id}`, "owner", "not_found"],
    [`campaign:${id}`, "campaigner", "allowed"],
    [`campaign:${id}`, "inbox", "forbidden"],
    [`pairing:${id}`, "developer", "allowed"],
    [`pairing:${id}`, "viewer", "forbidden"],
    [`pairing:${id}`, "campaigner", "forbidden"],
  ])("answers for %s as %s: %s", async (topic, role, expected) => {
    expect(await verdict(topic, role)).toBe(expected);
  });

  it("does not find what another tenant owns", async () => {
    expect(await verdict(`session:${id}`, "owner", "theirs")).toBe("not_found");
    expect(await verdict(`pairing:${id}`, "owner", "theirs")).toBe("not_found");
  });
});

describe("topicRoom", () => {
  it("is another room for every tenant", () => {
    const topic = { topic: "tenant", kind: "tenant" } as const;
    expect(topicRoom("mine", topic)).not.toBe(topicRoom("theirs", topic));
  });
});
