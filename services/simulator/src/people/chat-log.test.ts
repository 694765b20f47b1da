import { describe, expect, it } from "vitest";
import { ChatLog, type ChatMessage } from "./chat-log.ts";

const line = (id: string, of: Partial<ChatMessage> = {}): ChatMessage => ({
  id,
  chat: "2",
  author: "2",
  from_me: false,
  kind: "text",
  text: id,
  at: "",
  status: "delivered",
  ...of,
});

describe("ChatLog", () => {
  it("lists chats with the newest first, and counts what is unread", () => {
    const log = new ChatLog(10);
    log.add("1", line("A"));
    log.add("1", line("B", { chat: "3" }));
    log.add("1", line("C", { from_me: true, status: "sent" }));
    expect(log.chats("1")).toMatchObject([
      { chat: "2", messages: 2, unread: 1, last: { id: "C" } },
      { chat: "3", messages: 1, unread: 1 },
    ]);
  });

  it("raises a status and never lowers it", () => {
    const log = new ChatLog(10);
    log.add("1", line("A", { from_me: true, status: "sent" }));
    log.raise("1", "A", "read");
    log.raise("1", "A", "delivered");
    expect(log.find("1", "A")?.status).toBe("read");
  });

  it("shows a repeated id once", () => {
    const log = new ChatLog(10);
    log.add("1", line("A"));
    log.add("1", line("A"));
    expect(log.messages("1", { limit: 10 })).toHaveLength(1);
  });

  it("forgets the oldest line over all phones beyond its capacity", () => {
    const log = new ChatLog(2);
    for (const [phone, id] of [
      ["1", "A"],
      ["2", "B"],
      ["1", "C"],
      ["2", "D"],
    ] as const)
      log.add(phone, line(id));
    expect(log.messages("1", { limit: 10 }).map(({ id }) => id)).toEqual(["C"]);
    expect(log.messages("2", { limit: 10 }).map(({ id }) => id)).toEqual(["D"]);
  });
});
