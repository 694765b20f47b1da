import { mintUuid } from "@flotilla/shared/contract/ids";
import { AppError } from "@flotilla/shared/contract/problem";
import { monotonicMs } from "@flotilla/shared/runtime/clock";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { RequestHandler } from "express";
import type { RequestMeter } from "./request-meter.ts";

const longestUrl = 8_192;

/**
 * Gives every request an id (the caller's `X-Request-Id` when it is a plain word), refuses paths that cannot be decoded,
 * and writes one line when the answer is out: never a body, a query or a path as it was sent.
 */
export function openRequestContext(logger: Logger, meter: RequestMeter): RequestHandler {
  return (request, response, next) => {
    const begun = monotonicMs();
    const given = request.get("x-request-id");
    const requestId = given !== undefined && /^[\w.-]{1,64}$/.test(given) ? given : mintUuid();
    response.locals["requestId"] = requestId;
    response.setHeader("X-Request-Id", requestId);
    response.on("close", () => {
      const template = String(response.locals["template"] ?? "an unknown path");
      const ms = Math.round(monotonicMs() - begun);
      const status = response.writableFinished || response.headersSent ? response.statusCode : 499;
      meter.observe({ method: request.method, template, status, ms });
      const outcome = status === 499 ? "was given up by the caller" : `→ ${status}`;
      const level = response.locals["quiet"] === true ? "debug" : "info";
      logger[level](
        { requestId, tenantId: response.locals["tenantId"], memberId: response.locals["memberId"] },
        `${request.method} ${template} ${outcome} in ${ms} ms`,
      );
    });
    if (request.originalUrl.length > longestUrl) throw new AppError("malformed_path", "The URL is longer than 8 KiB");
    decodeURIComponent(request.path);
    next();
  };
}
