import type { ChaosReport } from "./report.ts";
import { markdownTable } from "./show.ts";

const begin = "<!-- chaos table: written by test/chaos/readme-table.ts from a report, never by hand -->";
const end = "<!-- end of chaos table -->";

/**
 * A page with the table of a report between its two markers.
 *
 * @throws when the markers are not there, or the report is of a run without one of the mechanisms
 */
export function withTable(page: string, report: ChaosReport): string {
  if (report.without !== null) throw new Error(`that run was made without ${report.without}: it shows what breaks`);
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`the page needs these two lines:\n${begin}\n${end}`);
  const { profile, seed, commit, node, cores } = report;
  const about = `Profile \`${profile}\`, seed ${seed}, commit ${commit}, Node ${node}, ${cores} cores, on the simulated network.`;
  return `${page.slice(0, from)}${begin}\n\n${markdownTable(report)}\n\n${about}\n\n${page.slice(to)}`;
}
