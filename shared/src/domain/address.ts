import { isSupportedCountry, parsePhoneNumberFromString, type CountryCode } from "libphonenumber-js/max";

/**
 * Whom an address names on WhatsApp. A phone number becomes the JID `<digits>@s.whatsapp.net` (PN); a hidden identity
 * stays `<digits>@lid`. Digits are never rewritten beyond dropping punctuation and completing a national number.
 */
export interface WhatsAppAddress {
  jid: string;
  /** E.164 with `+`, null for a LID. */
  phone: string | null;
}

/** Reads `+E.164`, plain digits (7–15), `…@s.whatsapp.net`, `…@c.us` or `…@lid`; null when it is none of them. */
export function tryParseAddress(input: string, defaultRegion?: string | null): WhatsAppAddress | null {
  const text = input.trim();
  const jid = /^(\d{5,20})(?::\d+)?@(s\.whatsapp\.net|c\.us|lid)$/.exec(text);
  if (jid) {
    const [, digits, server] = jid;
    return server === "lid" ? { jid: `${digits}@lid`, phone: null } : fromDigits(digits!);
  }
  if (text.includes("@") || !/^\+?[\d\s().\-/]+$/.test(text)) return null;
  if (!text.startsWith("+") && defaultRegion) {
    const national = parsePhoneNumberFromString(text, defaultRegion as CountryCode);
    if (national?.isPossible()) return fromDigits(national.number.slice(1));
  }
  return fromDigits(text.replace(/\D/g, ""));
}

function fromDigits(digits: string): WhatsAppAddress | null {
  if (!/^[1-9]\d{6,14}$/.test(digits)) return null;
  return { jid: `${digits}@s.whatsapp.net`, phone: `+${digits}` };
}

/** Whether national numbers of this ISO 3166-1 country can be completed. */
export function isKnownRegion(region: string): boolean {
  return isSupportedCountry(region);
}
