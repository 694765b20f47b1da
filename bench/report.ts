import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { execFileSync } from "node:child_process";

/** One measured figure beside its baseline of the same run. `aim` is the least (or, with `lowerIsBetter`, the most) the ratio should be; null: for information. */
export interface BenchRow {
  what: string;
  ours: number;
  baseline: number;
  unit: string;
  ratio: number;
  aim: number | null;
  holds: boolean;
}

export interface BenchReport {
  name: string;
  commit: string;
  node: string;
  cores: number;
  rows: BenchRow[];
}

/** Ratio ours / baseline against an aim. */
export function rowOf(
  row: Omit<BenchRow, "ratio" | "holds">,
  { lowerIsBetter = false }: { lowerIsBetter?: boolean } = {},
): BenchRow {
  const ratio = row.ours / row.baseline;
  return { ...row, ratio, holds: row.aim === null || (lowerIsBetter ? ratio <= row.aim : ratio >= row.aim) };
}

export function reportOf(name: string, rows: BenchRow[]): BenchReport {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  return { name, commit, node: process.version, cores: cpus().length, rows };
}

/** Prints the table, and writes the JSON when a file is named. */
export function publish(report: BenchReport, jsonFile: string | undefined): void {
  const figures = report.rows.map((row) => ({
    what: row.what,
    ours: Number(row.ours.toFixed(2)),
    baseline: Number(row.baseline.toFixed(2)),
    unit: row.unit,
    ratio: Number(row.ratio.toFixed(2)),
    aim: row.aim ?? "",
    holds: row.holds,
  }));
  console.log(`${report.name} at ${report.commit}, Node ${report.node}, ${report.cores} cores`);
  console.table(figures);
  if (jsonFile) writeFileSync(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
