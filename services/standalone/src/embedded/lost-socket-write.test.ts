import { expect, test } from "vitest";
import { isLostSocketWrite } from "./lost-socket-write.ts";

const thrownAt = (place: string, message = "Cannot read properties of null (reading 'write')") => {
  const error = new TypeError(message);
  error.stack = `TypeError: ${message}\n    at Immediate.nextWrite (${place})\n    at process.processImmediate`;
  return error;
};
const driver = "file:///app/node_modules/postgres/src/connection.js:255:22";

test.each([
  ["the driver's write to a connection that is gone", thrownAt(driver), true],
  ["another mistake of the driver", thrownAt(driver, "x is not a function"), false],
  ["the same mistake of ours", thrownAt("file:///app/services/standalone/src/embedded/supabase-api.ts:3:1"), false],
  ["what is no error", "reading 'write'", false],
])("%s", (_, error, expected) => expect(isLostSocketWrite(error)).toBe(expected));
