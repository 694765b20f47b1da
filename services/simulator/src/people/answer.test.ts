import { describe, expect, it } from "vitest";
import { answerTo } from "./answer.ts";
import { type Behaviour, ordinary } from "./behaviour.ts";

const heard = (text: string | null, turn = 1, phone = "15550001111") => ({ phone, text, turn, seed: 1 });
const says = (behaviour: Partial<Behaviour>, ...of: Parameters<typeof heard>): string | undefined =>
  answerTo({ ...ordinary, ...behaviour }, heard(...of))?.text;

describe("a person's answer", () => {
  it.each<[string, Partial<Behaviour>, Parameters<typeof heard>, string | undefined]>([
    ["nothing by default", {}, ["hi"], undefined],
    ["the same text", { reply: { mode: "echo", after_ms: 1 } }, ["hi"], "hi"],
    ["something to a message without text", { reply: { mode: "echo", after_ms: 1 } }, [null], "…"],
    ["a fixed text", { reply: { mode: "text", after_ms: 1, text: "later" } }, ["hi"], "later"],
  ])("is %s", (_what, behaviour, of, expected) => {
    expect(says(behaviour, ...of)).toBe(expected);
  });

  it("follows the first keyword found, in upper or lower case, else the otherwise", () => {
    const reply: Behaviour["reply"] = {
      mode: "keywords",
      after_ms: 1,
      answers: [
        { contains: "price", text: "10" },
        { contains: "open", text: "9 to 5" },
      ],
      otherwise: null,
    };
    expect(says({ reply }, "What PRICE when open?")).toBe("10");
    expect(says({ reply }, "when are you open")).toBe("9 to 5");
    expect(says({ reply }, "hello")).toBeUndefined();
    expect(says({ reply: { ...reply, otherwise: "pardon?" } }, "hello")).toBe("pardon?");
  });

  it("goes through a script turn by turn, and starts over only if told", () => {
    const reply: Behaviour["reply"] = { mode: "script", after_ms: 1, turns: ["one", "two"], repeat: false };
    expect([1, 2, 3].map((turn) => says({ reply }, "x", turn))).toEqual(["one", "two", undefined]);
    expect([1, 2, 3].map((turn) => says({ reply: { ...reply, repeat: true } }, "x", turn))).toEqual([
      "one",
      "two",
      "one",
    ]);
  });

  it("is STOP once, at the message that is one too many, and nothing afterwards", () => {
    const behaviour: Partial<Behaviour> = {
      reply: { mode: "echo", after_ms: 1 },
      stop: { after_messages: 2, share: 1, text: "STOP", after_ms: 5 },
    };
    expect([1, 2, 3].map((turn) => says(behaviour, "hi", turn))).toEqual(["hi", "STOP", undefined]);
  });

  it("is STOP from the share of people that the seed chooses, the same ones every time", () => {
    const stop = { after_messages: 1, share: 0.25, text: "STOP", after_ms: 5 };
    const who = (): string[] =>
      Array.from({ length: 2000 }, (_, index) => String(15550000000 + index)).filter(
        (phone) => says({ stop }, "hi", 1, phone) === "STOP",
      );
    expect(who()).toEqual(who());
    expect(who().length).toBeGreaterThan(420);
    expect(who().length).toBeLessThan(580);
  });
});
