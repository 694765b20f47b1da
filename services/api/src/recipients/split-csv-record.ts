/** The fields of one record, or why there are none yet: `open` means that a quoted field goes on in the next line. */
export type SplitRecord = string[] | "open" | "text_after_quote";

/**
 * Splits a record of RFC 4180: a field that begins with a quote ends with one, `""` inside is a quote. Quotes within an
 * unquoted field are text, as spreadsheets have it.
 */
export function splitCsvRecord(text: string, delimiter: string): SplitRecord {
  if (!text.includes('"')) return text.split(delimiter);
  const fields: string[] = [];
  for (let at = 0; ;) {
    if (text[at] !== '"') {
      const end = text.indexOf(delimiter, at);
      fields.push(end === -1 ? text.slice(at) : text.slice(at, end));
      if (end === -1) return fields;
      at = end + 1;
      continue;
    }
    const close = closingQuote(text, at + 1);
    if (close === -1) return "open";
    fields.push(text.slice(at + 1, close).replaceAll('""', '"'));
    if (close + 1 === text.length) return fields;
    if (text[close + 1] !== delimiter) return "text_after_quote";
    at = close + 2;
  }
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 2)) if (text[at + 1] !== '"') return at;
  return -1;
}
