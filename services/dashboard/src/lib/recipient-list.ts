/** What was pasted, as the CSV body that the API takes, and how many recipients it seems to have. */
export interface RecipientList {
  csv: string;
  count: number;
}

/**
 * Turns a pasted list into CSV. A first line without a digit is a header and the text is CSV already; anything else is
 * one number a line, which gets the header `to`. The API judges each line, so nothing is dropped here but blank lines.
 */
export function toRecipientList(pasted: string): RecipientList {
  const lines = pasted
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const [first = ""] = lines;
  if (!/\d{3}/.test(first) && first !== "") return { csv: `${lines.join("\n")}\n`, count: lines.length - 1 };
  const numbers = lines.map((line) => (line.includes(",") ? `"${line.replaceAll('"', '""')}"` : line));
  return { csv: numbers.length > 0 ? `${["to", ...numbers].join("\n")}\n` : "", count: numbers.length };
}
