/**
 * Country codes of one and two digits (ITU-T E.164 assignments); every other one has three. Zones 1 and 7 are one digit
 * long as a whole.
 */
const twoDigitCodes = new Set(
  "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98".split(
    " ",
  ),
);

function countryCodeLength(digits: string): number {
  if (digits.startsWith("1") || digits.startsWith("7")) return 1;
  return twoDigitCodes.has(digits.slice(0, 2)) ? 2 : 3;
}

/**
 * A number in groups a reader can compare: country code, then the rest from its end (four, and what is before it). Not
 * each country's own habit, which would need its tables; the digits are never changed.
 */
export function formatPhone(phone: string): string {
  const digits = phone.replaceAll(/\D/g, "");
  if (digits.length < 7) return phone;
  const code = digits.slice(0, countryCodeLength(digits));
  const rest = digits.slice(code.length);
  const before = rest.slice(0, -4);
  const area = before.length <= 5 ? "" : before.slice(0, before.length === 6 ? 3 : 2);
  return `+${[code, area, before.slice(area.length), rest.slice(-4)].filter(Boolean).join(" ")}`;
}
