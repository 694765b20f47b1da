import { isMap, LineCounter, parseDocument, type Document } from "yaml";
import type { z } from "zod";
import { type Scenario, scenarioSchema } from "./scenario-schema.ts";

/** A mistake in a scenario, and where in the text it is. Lines and columns count from 1. */
export interface ScenarioMistake {
  readonly line: number;
  readonly column: number;
  /** Path of the value (`steps.2.share`); empty for the text itself. */
  readonly at: string;
  readonly message: string;
}

/** The text is no scenario; says every mistake with its place. */
export class ScenarioError extends Error {
  override name = "ScenarioError";
  readonly mistakes: readonly ScenarioMistake[];

  constructor(mistakes: readonly ScenarioMistake[]) {
    super(mistakes.map(({ line, column, at, message }) => `${line}:${column} ${at && `${at}: `}${message}`).join("\n"));
    this.mistakes = mistakes;
  }
}

type Path = readonly PropertyKey[];

/** Reads a scenario from YAML, of which JSON is a part. Throws ScenarioError. */
export function parseScenario(text: string): Scenario {
  const lines = new LineCounter();
  // A few aliases are a convenience, thousands of them a bomb.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const syntax = document.errors.map(({ pos, message }) => ({ ...placeOf(lines, pos[0]), at: "", message }));
  if (syntax.length > 0) throw new ScenarioError(syntax);
  const parsed = scenarioSchema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.flatMap((issue) =>
    details(issue).map(({ path, message }) => ({
      ...placeOf(lines, offsetOf(document, path)),
      at: path.map(String).join("."),
      message,
    })),
  );
  throw new ScenarioError(mistakes);
}

/** An issue at the values it is about: each unknown key on its own, and the nearest of the ways a union could be. */
function details(issue: z.core.$ZodIssue, under: Path = []): { path: Path; message: string }[] {
  const path = [...under, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...path, key], message: "is not known here" }));
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const nearest = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0] ?? [];
    if (nearest.length > 0) return nearest.flatMap((inner) => details(inner, path));
  }
  return [{ path, message: issue.message }];
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map(({ path, code }) => path.length * 2 + (code === "invalid_type" ? 0 : 1)));
}

/** Where the value is written; where its key is, for a key that should not be there; else the nearest thing around. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const parent = length === 0 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (length > 0 && isMap(parent)) {
      const pair = parent.items.find(({ key }) => String(key) === String(last));
      const range = (pair?.key as { range?: [number, number, number] } | undefined)?.range;
      if (range) return range[0];
    }
    const found = (length === 0 ? parent : document.getIn(path.slice(0, length), true)) as
      | { range?: [number, number, number] | null }
      | null
      | undefined;
    if (found?.range) return found.range[0];
  }
  return 0;
}

function placeOf(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}
