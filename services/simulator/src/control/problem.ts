import type { NextFunction, Request, Response } from "express";
import type { Logger } from "pino";
import { PairingError } from "../pairing.ts";
import { UnknownMessageError } from "../people/compose.ts";
import { NotOnWhatsAppError } from "../people/phone-world.ts";
import { ScenarioError } from "../scenario/parse-scenario.ts";
import { SnapshotError } from "../snapshot.ts";

/** One mistake of a request; with line and column when it is in a text of its own. */
export interface ProblemDetail {
  readonly at: string;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

/** A refusal that the caller of the control API gets as `application/problem+json`. */
export class Problem extends Error {
  override name = "Problem";
  readonly status: number;
  readonly code: string;
  readonly errors: readonly ProblemDetail[] | undefined;

  constructor(status: number, code: string, detail: string, errors?: readonly ProblemDetail[]) {
    super(detail);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

const PAIRING_STATUS = {
  malformed: 422,
  expired: 410,
  key_mismatch: 409,
  refused_by_client: 409,
  timeout: 504,
} as const;

/** The end of every failed request: known refusals keep their status, the rest is logged and becomes 500. */
export function renderProblem(logger: Logger) {
  return (error: unknown, _request: Request, response: Response, next: NextFunction): void => {
    if (response.headersSent) return next(error);
    const problem = toProblem(error);
    if (problem.status >= 500) logger.error({ err: error }, "A control request failed");
    response
      .status(problem.status)
      .type("application/problem+json")
      .json({
        type: "about:blank",
        title: problem.code.replaceAll("_", " "),
        status: problem.status,
        code: problem.code,
        detail: problem.message,
        errors: problem.errors,
      });
  };
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof PairingError) {
    return new Problem(PAIRING_STATUS[error.reason], `qr_${error.reason}`, error.message);
  }
  if (error instanceof ScenarioError) {
    return new Problem(422, "invalid_scenario", "The text is not a scenario.", error.mistakes);
  }
  if (error instanceof SnapshotError) {
    return new Problem(error.reason === "damaged" ? 422 : 409, `snapshot_${error.reason}`, error.message);
  }
  if (error instanceof NotOnWhatsAppError) return new Problem(422, "not_on_whatsapp", error.message);
  if (error instanceof UnknownMessageError) return new Problem(422, "unknown_message", error.message);
  const status = (error as { status?: unknown } | null)?.status;
  if (typeof status === "number" && status >= 400 && status < 500) {
    return new Problem(status, "bad_request", error instanceof Error ? error.message : "Bad request");
  }
  return new Problem(500, "internal", "Something went wrong in the simulator.");
}
