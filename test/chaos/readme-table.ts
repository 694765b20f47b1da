import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ChaosReport } from "./report/report.ts";
import { withTable } from "./report/readme-section.ts";

/** `node test/chaos/readme-table.ts REPORT.json …`: writes the table of reports between the markers in the README. */
const files = process.argv.slice(2);
if (files.length === 0) {
  console.error("node test/chaos/readme-table.ts REPORT.json …");
  process.exit(1);
}
const readme = fileURLToPath(new URL("../../README.md", import.meta.url));
const reports = files.map((file) => JSON.parse(readFileSync(file, "utf8")) as ChaosReport);
writeFileSync(readme, withTable(readFileSync(readme, "utf8"), reports));
