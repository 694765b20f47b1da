import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";

const { deadline, graceMs } = workerData as { deadline: BigInt64Array<SharedArrayBuffer>; graceMs: number };
const pause = new Int32Array(new SharedArrayBuffer(4));
const grace = BigInt(graceMs) * 1_000_000n;

// Atomics.wait is the sleep of a thread that needs no event loop; nobody ever wakes it.
for (;;) {
  Atomics.wait(pause, 0, 0, 100);
  const by = Atomics.load(deadline, 0);
  if (by !== 0n && process.hrtime.bigint() > by + grace) {
    // The descriptor itself: the logger, and a thread's stderr, live on the loop that is stuck.
    writeSync(2, '{"level":"fatal","msg":"the loop was stuck past the lease; the watchdog ends the process"}\n');
    process.kill(process.pid, "SIGKILL");
  }
}
