import { expect, test } from "vitest";
import { leakedByLibrary } from "./leaked-by-library.ts";

function errorFrom(file: string): Error {
  const error = new Error("Timed Out");
  error.stack = `Error: Timed Out\n    at node:internal/timers:1:1\n    at wait (file:///app${file}:10:5)`;
  return error;
}
const library = errorFrom("/node_modules/@whiskeysockets/baileys/lib/Utils/generics.js");

test.each([
  ["a rejection inside the library", library, "unhandledRejection", "continue"],
  ["a rejection of our own code", errorFrom("/services/worker/src/pump.ts"), "unhandledRejection", "exit"],
  ["an exception anywhere", library, "uncaughtException", "exit"],
  ["something that is no error", "oops", "unhandledRejection", "exit"],
] as const)("%s", (_, error, origin, decision) => {
  expect(leakedByLibrary(error, origin)).toBe(decision);
});
