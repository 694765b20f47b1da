import { type BinaryNode, children } from "./protocol/node.ts";

/** One stanza as it went over a link: its shape, without what it carries. */
export interface RecordedStanza {
  /** Grows by one with each stanza of the link, from 1. */
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly at_ms: number;
  /** From the client: in. */
  readonly direction: "in" | "out";
  readonly stanza: StanzaShape;
}

/** Tag, attributes, and children or the length of the content; never the content itself. */
export interface StanzaShape {
  readonly tag: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly bytes?: number;
  readonly children?: StanzaShape[];
}

const MAX_CHILDREN = 20;
const MAX_DEPTH = 5;
const MAX_ATTRIBUTE = 200;

/** The newest stanzas of one link. */
export class Recording {
  readonly #capacity: number;
  readonly #ring: RecordedStanza[] = [];
  #last = 0;

  /** `capacity`: stanzas kept; 0 records nothing. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  note(direction: "in" | "out", stanza: BinaryNode): void {
    if (this.#capacity === 0) return;
    const sequence = ++this.#last;
    this.#ring[sequence % this.#capacity] = { sequence, at_ms: Date.now(), direction, stanza: shapeOf(stanza, 0) };
  }

  /** What is kept after `after`, oldest first. */
  list(after: number, limit: number): RecordedStanza[] {
    return this.#ring
      .filter(({ sequence }) => sequence > after)
      .toSorted((a, b) => a.sequence - b.sequence)
      .slice(0, limit);
  }
}

function shapeOf(stanza: BinaryNode, depth: number): StanzaShape {
  const { tag, content } = stanza;
  const attrs = shortened(stanza.attrs);
  if (content === undefined) return { tag, attrs };
  if (!Array.isArray(content)) return { tag, attrs, bytes: content.length };
  if (depth >= MAX_DEPTH) return { tag, attrs };
  const inner = children(stanza)
    .slice(0, MAX_CHILDREN)
    .map((each) => shapeOf(each, depth + 1));
  return { tag, attrs, children: inner };
}

// A hostile client may send attributes of megabytes; kept by reference they would stay.
function shortened(attrs: Record<string, string>): Record<string, string> {
  for (const value of Object.values(attrs)) {
    if (value.length <= MAX_ATTRIBUTE) continue;
    const entries = Object.entries(attrs).slice(0, MAX_CHILDREN);
    return Object.fromEntries(entries.map(([name, long]) => [name, long.slice(0, MAX_ATTRIBUTE)]));
  }
  return attrs;
}
