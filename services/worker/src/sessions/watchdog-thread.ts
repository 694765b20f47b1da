import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";

const { deadline, graceMs } = workerData as { deadline: BigInt64Array<SharedArrayBuffer>; graceMs: number };
const pause = new Int32Array(new SharedArrayBuffer(4));
const lookEveryMs = 100;

// Counted in looks and not in time: a process that was frozen as a whole is over its deadline when it wakes up, and its
// loop, which was frozen just as long, gets its chance to notice.
let looksPast = 0;

// Atomics.wait is the sleep of a thread that needs no event loop; nobody ever wakes it.
for (;;) {
  Atomics.wait(pause, 0, 0, lookEveryMs);
  const by = Atomics.load(deadline, 0);
  looksPast = by !== 0n && process.hrtime.bigint() > by ? looksPast + 1 : 0;
  if (looksPast * lookEveryMs > graceMs) {
    // The descriptor itself: the logger, and a thread's stderr, live on the loop that is stuck.
    writeSync(2, '{"level":"fatal","msg":"the loop was stuck past the lease; the watchdog ends the process"}\n');
    process.kill(process.pid, "SIGKILL");
  }
}
