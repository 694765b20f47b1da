import type { Envelope, EventType } from "@flotilla/shared/contract/events";
import { describe, expect, it } from "vitest";
import { eventsOfTopic, fanOut, topicsOf } from "./fan-out.ts";

const anEvent = (
  type: EventType,
  data: Envelope["data"] = {},
  session: string | null = null,
  sequence = 1,
): Envelope => ({
  id: "0198c0de-7a00-7000-8000-000000000001",
  type,
  schema: `${type}.v1`,
  time: "2026-01-01T00:00:00.000Z",
  tenant: "0198c0de-7a00-7000-8000-000000000002",
  sequence,
  log_id: "0198c0de-7a00-7000-8000-000000000003",
  lease_epoch: null,
  session: session === null ? null : { id: session, name: "support", phone: null },
  subject: "subject",
  request_id: null,
  data,
});

describe("topicsOf", () => {
  it.each<[Envelope, string[]]>([
    [anEvent("session.status_changed", {}, "s1"), ["tenant", "session:s1"]],
    [anEvent("session.deleted"), ["tenant", "session:subject"]],
    [
      anEvent("message.status_changed", { chat_id: "c1", campaign_id: "k1" }, "s1"),
      ["inbox", "session:s1", "chat:c1", "campaign:k1"],
    ],
    [anEvent("message.status_changed", { chat_id: "c1", campaign_id: null }, "s1"), ["inbox", "session:s1", "chat:c1"]],
    [anEvent("message.received", { message: { chat_id: "c2" } }, "s1"), ["inbox", "session:s1", "chat:c2"]],
    [anEvent("chat.read", { chat_id: "c1" }, "s1"), ["inbox", "session:s1", "chat:c1"]],
    [anEvent("campaign.progressed", { campaign_id: "k1" }), ["tenant", "campaign:k1"]],
    [anEvent("contact.opted_out", {}, "s1"), ["tenant", "inbox", "session:s1"]],
    [anEvent("suppression.added"), ["tenant", "inbox"]],
  ])("shows %o", (event, topics) => {
    expect(topicsOf(event)).toEqual(topics);
  });
});

describe("fanOut", () => {
  it("keeps the order and only what is wanted", () => {
    const events = [
      anEvent("campaign.created", { campaign_id: "k1" }, null, 1),
      anEvent("session.created", {}, "s1", 2),
      anEvent("campaign.progressed", { campaign_id: "k1" }, null, 3),
    ];
    const wanted = new Set(["tenant", "campaign:k1", "inbox"]);
    const shown = [...fanOut(events, (topic) => wanted.has(topic))].map(([topic, list]) => [
      topic,
      list.map(({ sequence }) => sequence),
    ]);
    expect(shown).toEqual([
      ["tenant", [1, 2, 3]],
      ["campaign:k1", [1, 3]],
    ]);
    expect(eventsOfTopic(events, "session:s1").map(({ sequence }) => sequence)).toEqual([2]);
  });
});
