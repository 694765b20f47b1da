import { createLogger } from "@flotilla/shared/runtime/logger";
import { expect, it } from "vitest";
import { CredentialsUnreadable, LeaseLost } from "../../ports.ts";
import { currentLink, endOnlyThatLink, LinkEnding } from "./link-ending.ts";

const anEnding = (): { ending: LinkEnding; cuts: () => number } => {
  const ending = new LinkEnding(createLogger({ service: "test", level: "silent" }));
  let cuts = 0;
  ending.attach({ cut: () => void cuts++, giveUp: () => {} });
  return { ending, cuts: () => cuts };
};

it("cuts only the link in whose context an error was left uncaught", () => {
  const [one, other] = [anEnding(), anEnding()];
  expect(currentLink.run(one.ending, endOnlyThatLink)).toBe("continue");
  expect([one.ending.ownReason, one.cuts(), other.cuts()]).toEqual(["unreadable_frame", 1, 0]);
});

it("lets the process end for an error that belongs to no link, also one of an observer", () => {
  const { ending, cuts } = anEnding();
  expect(endOnlyThatLink()).toBe("exit");
  expect(currentLink.run(ending, () => currentLink.run(undefined, endOnlyThatLink))).toBe("exit");
  expect(cuts()).toBe(0);
});

it.each([
  [new LeaseLost(), "lease_lost"],
  [new CredentialsUnreadable("damaged"), "credentials_unreadable"],
  [new Error("no database"), "store_failed"],
])("names what kept the store from working: %s", (error, reason) => {
  const { ending } = anEnding();
  ending.storeFailed(error);
  ending.terminate("silent");
  expect(ending.ownReason).toBe(reason);
});
