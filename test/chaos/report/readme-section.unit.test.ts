import { expect, test } from "vitest";
import { withTable } from "./readme-section.ts";
import { atMost, type ChaosReport } from "./report.ts";

const report: ChaosReport = {
  seed: 7,
  commit: "abc1234",
  profile: "short",
  lease_ms: 6_000,
  without: null,
  node: "v24",
  cores: 2,
  scenarios: [
    {
      id: "G1",
      title: "campaign through kill -9",
      accepted: 2_800,
      lost: 0,
      duplicates: 1,
      order_breaks: 0,
      figures: { re_pairs: atMost(0, 0), takeover_p99: atMost(9.123, 8, "s") },
      holds: false,
      counterexample: "duplicate: one",
      not_built: null,
      seconds: 60,
    },
  ],
};
const page =
  "before\n<!-- chaos table: written by test/chaos/readme-table.ts from reports, never by hand -->\nold\n<!-- end of chaos table -->\nafter\n";

test("the table stands between the markers, what was missed is said, and a second time changes nothing", () => {
  const once = withTable(page, [report]);
  expect(once).toContain(
    "| G1 | campaign through kill -9 | 2800 | 0 | 1 | 0 | takeover p99 9.12 s (≤ 8) | **missed** |",
  );
  expect(once).toContain("seed 7");
  expect(once).not.toContain("old");
  expect(once.startsWith("before") && once.endsWith("after\n")).toBe(true);
  expect(withTable(once, [report])).toBe(once);
});

test("a page without markers, and a run without a mechanism, are refused", () => {
  expect(() => withTable("nothing", [report])).toThrow("two lines");
  expect(() => withTable(page, [{ ...report, without: "fence" }])).toThrow("without fence");
});

test("of several reports each goal has one row, the last one's", () => {
  const later = { ...report, seed: 8, scenarios: [{ ...report.scenarios[0]!, duplicates: 0, holds: true }] };
  const table = withTable(page, [report, later]);
  expect(table.match(/^\| G1 /gm)).toHaveLength(1);
  expect(table).toContain("| 2800 | 0 | 0 | 0 |");
});
