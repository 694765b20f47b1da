import { expect, test } from "vitest";
import { toRecipientList } from "./recipient-list.ts";

test("bare numbers get the header that the API asks for", () => {
  expect(toRecipientList("+5511912345678\r\n\r\n 5521987654321 ")).toEqual({
    csv: "to\n+5511912345678\n5521987654321\n",
    count: 2,
  });
});

test("a list with a header line is CSV already", () => {
  expect(toRecipientList("\uFEFFto,first_name\n5511912345678,Ana")).toEqual({
    csv: "to,first_name\n5511912345678,Ana\n",
    count: 1,
  });
});

test("a number that holds a comma stays one field", () => {
  expect(toRecipientList("5511912345678, 9").csv).toBe('to\n"5511912345678, 9"\n');
});

test("nothing is nothing", () => {
  expect(toRecipientList(" \n ")).toEqual({ csv: "", count: 0 });
});
