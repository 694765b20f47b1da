import { AppError, type Problem, type ProblemCode, problemCatalogue } from "@flotilla/shared/contract/problem";
import type { Logger } from "@flotilla/shared/runtime/logger";
import type { ErrorRequestHandler, Response } from "express";

const unexpected = "Something failed on our side. Quote the request id";

/** The one place where an error becomes an answer. What is not ours is 500 without detail, and logged once. */
export function renderProblem(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const left = response.closed || response.destroyed;
    const known = tryNameError(error);
    const requestId = String(response.locals["requestId"] ?? "");
    if ((known === null && !left) || known?.code === "internal")
      logger.error(
        { error, requestId },
        `${request.method} ${String(response.locals["template"])} failed unexpectedly`,
      );
    else if (known?.code === "unavailable")
      logger.warn({ error: known.message, cause: String(known.cause), requestId }, "A part we depend on is away");
    if (left) return;
    if (response.headersSent) {
      // Too late for a problem body: cut the connection, so that nobody takes half an answer for a whole one.
      response.destroy();
      return;
    }
    sendProblem(response, known ?? new AppError("internal", unexpected), request.originalUrl.split("?")[0] ?? "/");
  };
}

function sendProblem(response: Response, error: AppError, instance: string): void {
  const retryAfter = error.retryAfterSeconds ?? (error.status === 503 || error.status === 429 ? 2 : undefined);
  if (retryAfter !== undefined) response.setHeader("Retry-After", String(retryAfter));
  if (error.status === 401) response.setHeader("WWW-Authenticate", 'Bearer realm="flotilla"');
  const body: Problem = {
    type: `/problems/${error.code}`,
    title: problemCatalogue[error.code].title,
    status: error.status,
    detail: error.code === "internal" ? unexpected : error.message,
    instance: instance.slice(0, 512),
    code: error.code,
    request_id: String(response.locals["requestId"] ?? ""),
    ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
    ...(error.errors === undefined ? {} : { errors: error.errors.slice(0, 100) }),
    ...error.facts,
  };
  response.status(error.status).type("application/problem+json").send(JSON.stringify(body));
}

const byParserType: Readonly<Record<string, { code: ProblemCode; detail: string }>> = {
  "entity.too.large": { code: "body_too_large", detail: "The body is larger than this path takes" },
  "entity.parse.failed": { code: "malformed_json", detail: "The body cannot be read as JSON" },
  "charset.unsupported": { code: "unsupported_media_type", detail: "Send JSON in UTF-8" },
  "encoding.unsupported": {
    code: "unsupported_media_type",
    detail: "Send the body plain, or with gzip, deflate or br",
  },
  "request.size.invalid": { code: "malformed_header", detail: "Content-Length and the body disagree" },
};

/** The AppError an error stands for, or null when it is a fault of ours. */
function tryNameError(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  if (!(error instanceof Error)) return null;
  const { type, status } = error as { type?: unknown; status?: unknown };
  const named = typeof type === "string" ? byParserType[type] : undefined;
  if (named !== undefined) return new AppError(named.code, named.detail, { cause: error });
  if (error instanceof URIError || /Failed to decode param/.test(error.message))
    return new AppError("malformed_path", "The path has a % that starts no valid UTF-8", { cause: error });
  // The body parser's own, such as a gzip stream that is none.
  if (status === 400) return new AppError("malformed_json", "The body cannot be read", { cause: error });
  return null;
}
