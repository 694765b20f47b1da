import type { ChaosReport, Figure, ScenarioReport } from "./report.ts";

/** The goal table as text for a terminal. */
export function showTable(scenarios: readonly ScenarioReport[]): string {
  const lines = scenarios.flatMap((scenario) => [
    `${mark(scenario.holds)} ${scenario.id.padEnd(4)}${scenario.title}${scenario.not_built === null ? "" : `: not built. ${scenario.not_built}`}`,
    ...(scenario.not_built === null ? details(scenario) : []),
  ]);
  return lines.join("\n");
}

function details(scenario: ScenarioReport): string[] {
  const { accepted, lost, duplicates, order_breaks: orderBreaks, seconds } = scenario;
  const first =
    seconds > 0
      ? [
          `       accepted ${accepted} · lost ${lost} · duplicates ${duplicates} · order breaks ${orderBreaks} · ${seconds} s`,
        ]
      : [];
  const figures = Object.entries(scenario.figures).map(
    ([name, figure]) => `       ${mark(figure.holds)} ${name.replaceAll("_", " ")} ${showFigure(figure)}`,
  );
  const found = scenario.counterexample === null ? [] : [`       first counterexample: ${scenario.counterexample}`];
  return [...first, ...figures, ...found];
}

/** A report as a Markdown page. */
export function showMarkdown(report: ChaosReport): string {
  const { seed, commit, profile, node, cores, without } = report;
  const head = `Profile ${profile}, seed ${seed}, commit ${commit}, Node ${node}, ${cores} cores${without === null ? "" : `, **without ${without}**`}.`;
  const found = report.scenarios
    .filter(({ counterexample }) => counterexample !== null)
    .map(({ id, counterexample }) => `- ${id}: ${counterexample}`);
  return [
    `# Chaos run`,
    "",
    head,
    "",
    markdownTable(report.scenarios),
    ...(found.length > 0 ? ["", "First counterexamples:", "", ...found] : []),
    "",
  ].join("\n");
}

/** One row for each goal. */
export function markdownTable(scenarios: readonly ScenarioReport[]): string {
  const rows = scenarios.map((scenario) => {
    const { id, title, accepted, lost, duplicates, order_breaks: orderBreaks, not_built: notBuilt, seconds } = scenario;
    if (notBuilt !== null) return `| ${id} | ${title} | | | | | not built: ${notBuilt} | |`;
    const counts = seconds > 0 ? [accepted, lost, duplicates, orderBreaks] : ["", "", "", ""];
    const figures = Object.entries(scenario.figures).filter(([, { aim, value }]) => aim !== "0" || value !== 0);
    const told = figures.map(([name, figure]) => `${name.replaceAll("_", " ")} ${showFigure(figure)}`).join(" · ");
    return `| ${id} | ${title} | ${counts.join(" | ")} | ${told} | ${scenario.holds === true ? "holds" : "**missed**"} |`;
  });
  return [
    "| Goal | Scenario | Accepted | Lost | Seen twice | Out of order | Measured (aim) | |",
    "| --- | --- | --: | --: | --: | --: | --- | --- |",
    ...rows,
  ].join("\n");
}

function showFigure({ value, unit, aim }: Figure): string {
  const shown = value === null ? "not measured" : `${value}${unit === "" ? "" : ` ${unit}`}`;
  return aim === null ? shown : `${shown} (${aim})`;
}

const mark = (holds: boolean | null) => (holds === null ? "·" : holds ? "✔" : "✖");
