/**
 * The last net under the redaction paths: what must never stand in a log is recognised by its shape and cut out of the
 * finished line. Works on JSON text without breaking it, because no pattern can match a quote or a backslash.
 */
const shapes: readonly (readonly [RegExp, (match: string) => string])[] = [
  // Baileys' QR text: a reference and three or more keys in base64, `2@…,…,…,…`, bare or behind the linking address.
  [/(?:https:\/\/wa\.me\/settings\/linked_devices#)?\d@[\w+/=-]{16,}(?:,[\w+/=-]+){2,}/g, () => "[qr]"],
  [/\beyJ[\w-]{8,}(?:\.[\w-]+){0,2}/g, () => "[token]"],
  [/\b(sb_secret_|flo_live_|whsec_)[\w-]+/g, (match) => `${match.slice(0, match.indexOf("_", 4) + 1) || "key_"}[cut]`],
  [
    /\b\d{5,}(?:[_:]\d+)*@(?:s\.whatsapp\.net|c\.us|lid|hosted(?:\.lid)?)\b/g,
    (match) => `${shortenDigits(match.slice(0, match.indexOf("@")))}${match.slice(match.indexOf("@"))}`,
  ],
  [/\+\d{7,15}\b/g, (match) => `+${shortenDigits(match.slice(1))}`],
  [
    /[A-Za-z0-9+/]{64,}={0,2}/g,
    (match) => (/[A-Z]/.test(match) && /[a-z]/.test(match) && /\d/.test(match) ? "[base64]" : match),
  ],
];

/** First two and last two digits; enough to recognise one's own number, too little to call it. */
function shortenDigits(digits: string): string {
  return digits.length <= 4 ? digits : `${digits.slice(0, 2)}…${digits.slice(-2)}`;
}

/** Cuts tokens, keys, QR texts and long base64 out of a text and shortens phone numbers and personal JIDs. */
export function scrub(text: string): string {
  return shapes.reduce((cleaned, [shape, replace]) => cleaned.replace(shape, replace), text);
}
