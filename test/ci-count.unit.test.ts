import { expect, test } from "vitest";

import { closingLine, countTests } from "../.ci/count.ts";

const report = (sums: string, cases = ""): string =>
  `<?xml version="1.0"?>\n<testsuites name="vitest tests" ${sums} time="0.7">\n${cases}\n</testsuites>`;

test("a report is counted by its sums, skipped tests apart", () => {
  const skipped = '<testcase name="a"><skipped/></testcase>';
  expect(countTests(report('tests="138" failures="2" errors="1"', skipped))).toEqual({
    passed: 134,
    failed: 3,
    skipped: 1,
  });
});

test.each([
  ["an empty file", ""],
  ["half a report", '<?xml version="1.0"?>\n<testsui'],
  ["a report without sums", report("")],
])("%s is no count", (_, text) => {
  expect(countTests(text)).toBeUndefined();
});

test.each([
  ["all is well", { passed: 5, failed: 0, skipped: 0 }, 0, "5 passed, 0 failed", 0],
  ["tests were skipped", { passed: 5, failed: 0, skipped: 2 }, 0, "5 passed, 0 failed, 2 skipped", 0],
  ["tests failed", { passed: 5, failed: 3, skipped: 0 }, 1, "5 passed, 3 failed", 1],
  ["only the check failed", { passed: 5, failed: 0, skipped: 0 }, 1, "5 passed, 1 failed", 1],
  ["the runner crashed before its report", undefined, 1, "0 passed, 1 failed", 1],
  [
    "nothing was run although every step ended well",
    { passed: 0, failed: 0, skipped: 4 },
    0,
    "0 passed, 1 failed, 4 skipped",
    1,
  ],
] as const)("when %s, the last line says so", (_, count, failedSteps, line, status) => {
  expect(closingLine(count, failedSteps)).toEqual({ line, status });
});
