/**
 * Turns single reads into few calls: while one call is out, requests gather, and leave together when it has returned.
 * At idle a request waits for nobody. `run` answers one result for each request, in order; when it throws, every request
 * of that call is rejected with its error. `most` bounds the requests of one call.
 */
export function createGatherer<Request, Result>(
  run: (requests: Request[]) => Promise<Result[]>,
  most: number,
): (request: Request) => Promise<Result> {
  let waiting: { request: Request; resolve: (result: Result) => void; reject: (error: unknown) => void }[] = [];
  let busy = false;

  async function work(): Promise<void> {
    busy = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, most);
      waiting = waiting.slice(most);
      try {
        const results = await run(batch.map(({ request }) => request));
        for (const [index, { resolve }] of batch.entries()) resolve(results[index]!);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    busy = false;
  }

  return (request) =>
    new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject });
      // One turn of the loop, so that requests of the same moment share the call.
      if (!busy) {
        busy = true;
        setImmediate(() => void work());
      }
    });
}
