import { AppError } from "@flotilla/shared/contract/problem";

export const longestLine = 16 * 1_024;

/** One physical line without its ending; `text` is null when it cannot be used, and `code` says why. */
export type RawLine = { number: number; text: string } | { number: number; text: null; code: LineFault };
export type LineFault = "line_too_long" | "bad_encoding";

const empty = Buffer.alloc(0);
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Splits a byte stream into lines, a block at a time, in flat memory: of a line over 16 KiB nothing is kept. Takes LF and
 * CRLF and drops a UTF-8 byte order mark. Throws `wrong_format` for UTF-16.
 */
export async function* readLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<RawLine[]> {
  let carry: Buffer = empty;
  let tooLong = false;
  let number = 0;

  function finish(end: Buffer): RawLine {
    number++;
    const whole = tooLong || carry.length + end.length > longestLine ? null : Buffer.concat([carry, end]);
    carry = empty;
    tooLong = false;
    return whole === null ? { number, text: null, code: "line_too_long" } : decode(whole, number);
  }

  for await (const piece of source) {
    const block = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const lines: RawLine[] = [];
    let from = 0;
    for (let end = block.indexOf(10); end !== -1; end = block.indexOf(10, from)) {
      lines.push(finish(block.subarray(from, end)));
      from = end + 1;
    }
    const rest = block.subarray(from);
    tooLong ||= carry.length + rest.length > longestLine;
    carry = tooLong ? empty : Buffer.concat([carry, rest]);
    yield lines;
  }
  if (carry.length > 0 || tooLong) yield [finish(empty)];
}

function decode(bytes: Buffer, number: number): RawLine {
  if (number === 1 && /^(\xff\xfe|\xfe\xff)/.test(bytes.subarray(0, 2).toString("latin1")))
    throw new AppError("wrong_format", "The file is in UTF-16: save it as CSV in UTF-8");
  const end = bytes.at(-1) === 13 ? -1 : undefined;
  try {
    // The decoder drops a byte order mark at the start of each call; only the first line may have one.
    const text = decoder.decode(bytes.subarray(0, end));
    return text.includes("\0") ? { number, text: null, code: "bad_encoding" } : { number, text };
  } catch {
    return { number, text: null, code: "bad_encoding" };
  }
}
