import { createServer } from "node:net";

/** A loopback port that nobody listened on a moment ago. Another program may still take it first: try again then. */
export async function freePort(): Promise<number> {
  return await listenOnce(0);
}

/**
 * The wanted port when it is free on loopback, otherwise any free one.
 *
 * @returns the port, and whether the wanted one was taken by somebody else
 */
export async function portOrAnother(wanted: number): Promise<{ port: number; wasBusy: boolean }> {
  try {
    return { port: await listenOnce(wanted), wasBusy: false };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" && (error as NodeJS.ErrnoException).code !== "EACCES") {
      throw error;
    }
    return { port: await freePort(), wasBusy: true };
  }
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === "string") reject(new Error("the probe socket has no port"));
        else resolve(address.port);
      });
    });
  });
}
