import { parseArgs } from "node:util";
import { publish, type BenchReport } from "./report.ts";
import { benchSend } from "./send.ts";

/**
 * `npm run bench -- NAME [--quick] [--json FILE] [--strict]`. Ends with 0 when it could measure, whatever it found;
 * `--strict` makes a missed aim an exit status.
 */
const benches: Record<string, (options: { quick: boolean }) => Promise<BenchReport>> = { send: benchSend };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean" }, json: { type: "string" }, strict: { type: "boolean" } },
});
const bench = benches[positionals[0] ?? ""];
if (!bench) {
  console.error(`say which: ${Object.keys(benches).join(", ")}`);
  process.exit(1);
}
const report = await bench({ quick: values.quick ?? false });
publish(report, values.json);
process.exit(values.strict && report.rows.some((row) => !row.holds) ? 1 : 0);
