import { type ChaosReport, inOrder } from "./report.ts";
import { markdownTable } from "./show.ts";

const begin = "<!-- chaos table: written by test/chaos/readme-table.ts from reports, never by hand -->";
const end = "<!-- end of chaos table -->";

/**
 * A page with the table of one or more reports between its two markers; of a goal in several the last one counts.
 *
 * @throws when the markers are not there, or a report is of a run without one of the mechanisms
 */
export function withTable(page: string, reports: readonly ChaosReport[]): string {
  const damaged = reports.find(({ without }) => without !== null);
  if (damaged) throw new Error(`that run was made without ${damaged.without}: it shows what breaks`);
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`the page needs these two lines:\n${begin}\n${end}`);
  const goals = new Map(reports.flatMap(({ scenarios }) => scenarios).map((scenario) => [scenario.id, scenario]));
  const table = markdownTable(inOrder([...goals.values()]));
  return `${page.slice(0, from)}${begin}\n\n${table}\n\n${reports.map(aboutRun).join("\n\n")}\n\n${page.slice(to)}`;
}

function aboutRun({ profile, seed, commit, node, cores, lease_ms: leaseMs, scenarios }: ChaosReport): string {
  const goals = scenarios.filter(({ not_built: notBuilt }) => notBuilt === null).map(({ id }) => id);
  return `${goals.join(", ")}: profile \`${profile}\`, seed ${seed}, leases of ${leaseMs / 1_000} s, commit ${commit}, Node ${node}, ${cores} cores, on the simulated network.`;
}
