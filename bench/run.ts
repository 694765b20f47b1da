import { parseArgs } from "node:util";
import { publish, type BenchReport } from "./report.ts";
import { benchSend } from "./send.ts";
import { benchSessions } from "./sessions.ts";

/**
 * `npm run bench -- NAME [--quick] [--json FILE] [--strict]`; `sessions` takes `--count N` too. Ends with 0 when it could measure, whatever it found;
 * `--strict` makes a missed aim an exit status.
 */
type Bench = (options: { quick: boolean; count?: number }) => Promise<BenchReport>;
const benches: Record<string, Bench> = { send: benchSend, sessions: benchSessions };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean" },
    json: { type: "string" },
    strict: { type: "boolean" },
    count: { type: "string" },
  },
});
const bench = benches[positionals[0] ?? ""];
if (!bench) {
  console.error(`say which: ${Object.keys(benches).join(", ")}`);
  process.exit(1);
}
const report = await bench({ quick: values.quick ?? false, ...(values.count && { count: Number(values.count) }) });
publish(report, values.json);
process.exit(values.strict && report.rows.some((row) => !row.holds) ? 1 : 0);
