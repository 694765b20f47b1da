import { describe, expect, test } from "vitest";
import { tryParseAddress } from "./address.ts";

describe("an address", () => {
  test.each([
    ["+55 11 99999-0001", null, "5511999990001@s.whatsapp.net"],
    ["5511999990001", null, "5511999990001@s.whatsapp.net"],
    ["5511999990001@c.us", null, "5511999990001@s.whatsapp.net"],
    ["5511999990001:3@s.whatsapp.net", null, "5511999990001@s.whatsapp.net"],
    ["12722571223678@lid", null, "12722571223678@lid"],
    ["(11) 99999-0001", "BR", "5511999990001@s.whatsapp.net"],
    ["+1 555 000 1111", "BR", "15550001111@s.whatsapp.net"],
  ])("%s in region %s is %s", (input, region, jid) => {
    expect(tryParseAddress(input, region)?.jid).toBe(jid);
  });

  test.each(["", "hello", "12", "+0123456789", "123@g.us", "5511999990001@evil", "=1+1", "1".repeat(16)])(
    "%j is refused",
    (input) => {
      expect(tryParseAddress(input)).toBeNull();
    },
  );
});
