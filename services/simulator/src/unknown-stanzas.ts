import { type BinaryNode, children } from "./protocol/node.ts";

/** A kind of stanza that this network does not implement, as it was met. */
export interface UnknownStanza {
  readonly name: string;
  count: number;
  /** Shape of the first one: tags and attributes, without content. */
  readonly example: string;
}

const MAX_KINDS = 500;

/** What clients asked for in vain, so that nothing missing goes unnoticed. */
export class UnknownStanzas {
  readonly #byName = new Map<string, UnknownStanza>();

  record(name: string, stanza: BinaryNode): void {
    const known = this.#byName.get(name);
    if (known) known.count += 1;
    else if (this.#byName.size < MAX_KINDS) this.#byName.set(name, { name, count: 1, example: shape(stanza) });
  }

  list(): UnknownStanza[] {
    return [...this.#byName.values()];
  }

  clear(): void {
    this.#byName.clear();
  }
}

function shape(stanza: BinaryNode, depth = 0): string {
  const attrs = Object.keys(stanza.attrs).join(" ");
  const inner =
    depth < 3
      ? children(stanza)
          .slice(0, 5)
          .map((each) => shape(each, depth + 1))
          .join("")
      : "";
  return `<${stanza.tag}${attrs && ` ${attrs}`}>${inner}`.slice(0, 300);
}
