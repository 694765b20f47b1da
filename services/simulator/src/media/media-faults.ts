import type { NextFunction, Request, RequestHandler, Response } from "express";
import type { Network } from "../network.ts";
import { Problem } from "../control/problem.ts";

/** Makes uploads and downloads slow, or refuses them, as the `media` faults in force would have it. */
export function mediaFaults(network: Network): RequestHandler {
  return (request: Request, _response: Response, next: NextFunction): void => {
    const operation = request.method === "POST" ? "upload" : "download";
    const fault = network.faults.hit("media", { where: { operation } });
    const go = (): void => {
      if (!fault || fault.status === 200) next();
      else next(new Problem(fault.status, "media_fault", "A fault is in force for files."));
    };
    if (fault && fault.delay_ms > 0) network.scheduler.after(fault.delay_ms, go);
    else go();
  };
}
