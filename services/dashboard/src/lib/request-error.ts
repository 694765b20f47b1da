import type { Problem } from "@flotilla/shared/contract/problem";

/** A request that did not do what was asked, in the words a reader can act on. */
export class RequestError extends Error {
  /** HTTP status; 0 when no answer came at all. */
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  /** One sentence for each refused field, by the first step of its JSON pointer (`/name` → `name`). */
  readonly fields: Readonly<Record<string, string>>;

  constructor(status: number, problem: Partial<Problem> & { code: string; detail: string }, cause?: unknown) {
    super(problem.detail, { cause });
    this.name = "RequestError";
    this.status = status;
    this.code = problem.code;
    this.requestId = problem.request_id ?? null;
    this.fields = Object.fromEntries(
      (problem.errors ?? []).map((error) => [error.pointer.split("/")[1] ?? "", error.message]),
    );
  }

  /** Whether asking again unchanged can help: the network, a 429 or a fault on the other side. */
  get retryable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** One sentence about anything thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : "Something unexpected happened";
}
