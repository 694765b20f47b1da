/** One measured value beside its aim. `holds` is null where there is no aim, or nothing was measured. */
export interface Figure {
  value: number | null;
  unit: string;
  aim: string | null;
  holds: boolean | null;
}

export interface ScenarioReport {
  id: string;
  title: string;
  /** Messages acknowledged to the caller. */
  accepted: number;
  lost: number;
  duplicates: number;
  order_breaks: number;
  figures: Record<string, Figure>;
  /** Null: not built. */
  holds: boolean | null;
  /** What was found first. */
  counterexample: string | null;
  /** Why there is nothing to measure, and where the property is tested instead. */
  not_built: string | null;
  seconds: number;
}

/** What `--json` writes. */
export interface ChaosReport {
  seed: number;
  commit: string;
  profile: string;
  /** Lease of the workers, in milliseconds. */
  lease_ms: number;
  /** The mechanism the workers ran without; null: whole. */
  without: string | null;
  node: string;
  cores: number;
  scenarios: ScenarioReport[];
}

/** A figure that must not be above a limit. */
export function atMost(value: number | null, most: number, unit = ""): Figure {
  return {
    value: round(value),
    unit,
    aim: most === 0 ? "0" : `≤ ${most}`,
    holds: value === null ? null : value <= most,
  };
}

export function atLeast(value: number | null, least: number, unit = ""): Figure {
  return { value: round(value), unit, aim: `≥ ${least}`, holds: value === null ? null : value >= least };
}

/** A figure without an aim. */
export function measured(value: number | null, unit = ""): Figure {
  return { value: round(value), unit, aim: null, holds: null };
}

function round(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100;
}

/** Goals by their number. */
export function inOrder(scenarios: readonly ScenarioReport[]): ScenarioReport[] {
  return scenarios.toSorted((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)));
}
