import { readFileSync } from "node:fs";

export type Count = { passed: number; failed: number; skipped: number };

/**
 * Counts the tests of a JUnit report as vitest writes it: its root element carries the sums. A suite that could not
 * be loaded is one test case with an error there.
 *
 * @returns undefined when this is no such report
 */
export function countTests(report: string): Count | undefined {
  const root = /<testsuites\b[^>]*>/.exec(report)?.[0];
  if (root === undefined) return undefined;
  const skipped = [...report.matchAll(/<skipped\b/g)].length;
  const attribute = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(root)?.[1] ?? Number.NaN);
  const [total, failed] = [attribute("tests"), attribute("failures") + attribute("errors")];
  if (Number.isNaN(total) || Number.isNaN(failed)) return undefined;
  return { passed: total - failed - skipped, failed, skipped };
}

/**
 * The closing line of a run. No report, no test in it, or a failed step that no failed test stands for: each counts as
 * at least one failure, so that a line without failures always means that everything was run and was well.
 *
 * @param failedSteps how many of install, check and test ended with a failure
 */
export function closingLine(count: Count | undefined, failedSteps: number): { line: string; status: 0 | 1 } {
  const { passed, failed, skipped } = count ?? { passed: 0, failed: 0, skipped: 0 };
  const nothingRan = passed + failed === 0;
  const failures = Math.max(failed, failedSteps, nothingRan ? 1 : 0);
  const line = `${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return { line, status: failures === 0 ? 0 : 1 };
}

function readReport(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The test run crashed before it wrote one: counted as a failure below.
    return "";
  }
}

if (import.meta.main) {
  const [path = "", failedSteps = "1"] = process.argv.slice(2);
  const { line, status } = closingLine(countTests(readReport(path)), Number(failedSteps));
  process.stdout.write(`${line}\n`);
  process.exitCode = status;
}
