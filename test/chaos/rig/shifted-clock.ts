/**
 * Preloaded into a worker (`--import`): sets its wall clock off by the milliseconds written in `CHAOS_CLOCK_FILE`, read
 * again ten times a second, so that it can be stepped while the process runs. The monotonic clock and timers are untouched.
 */
import { readFileSync } from "node:fs";

const file = process.env["CHAOS_CLOCK_FILE"];
if (file !== undefined) {
  const RealDate = Date;
  let shiftMs = 0;
  const read = () => {
    try {
      shiftMs = Number(readFileSync(file, "utf8")) || 0;
    } catch {
      // Being written, or gone with the rig: as it was.
    }
  };
  read();
  setInterval(read, 100).unref();
  const now = () => RealDate.now() + shiftMs;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
    apply: () => new RealDate(now()).toString(),
    get: (target, property) => (property === "now" ? now : (Reflect.get(target, property) as unknown)),
  });
}
