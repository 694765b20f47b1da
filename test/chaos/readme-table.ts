import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ChaosReport } from "./report/report.ts";
import { withTable } from "./report/readme-section.ts";

/** `node test/chaos/readme-table.ts REPORT.json`: writes the table of a report between the markers in the README. */
const [reportFile, readme = fileURLToPath(new URL("../../README.md", import.meta.url))] = process.argv.slice(2);
if (reportFile === undefined) {
  console.error("node test/chaos/readme-table.ts REPORT.json [README.md]");
  process.exit(1);
}
const report = JSON.parse(readFileSync(reportFile, "utf8")) as ChaosReport;
writeFileSync(readme, withTable(readFileSync(readme, "utf8"), report));
