import { z } from "zod";

/**
 * The catalogue of error codes: HTTP status and a title that never changes, so that callers can switch on `code`.
 * `retryable` says whether the same request can succeed later without being changed.
 */
export const problemCatalogue = {
  malformed_json: { status: 400, title: "The body is not valid JSON", retryable: false },
  malformed_path: { status: 400, title: "The path cannot be decoded", retryable: false },
  malformed_header: { status: 400, title: "A header is malformed", retryable: false },
  invalid_cursor: {
    status: 400,
    title: "The cursor is not one of ours, or belongs to other filters",
    retryable: false,
  },
  unauthenticated: { status: 401, title: "A valid credential is needed", retryable: false },
  token_expired: { status: 401, title: "The token has expired", retryable: false },
  key_revoked: { status: 401, title: "The API key was revoked or has expired", retryable: false },
  insufficient_scope: { status: 403, title: "The credential does not open this", retryable: false },
  quota_exceeded: { status: 403, title: "The quota of the tenant is used up", retryable: false },
  not_found: { status: 404, title: "There is nothing here", retryable: false },
  method_not_allowed: { status: 405, title: "This path does not take that method", retryable: false },
  not_acceptable: { status: 406, title: "None of the accepted formats is offered", retryable: false },
  state_conflict: { status: 409, title: "Not possible in the present state", retryable: false },
  name_taken: { status: 409, title: "The name is in use", retryable: false },
  client_ref_conflict: { status: 409, title: "The client_ref was used for another message", retryable: false },
  part_conflict: { status: 409, title: "That part was uploaded with other content", retryable: false },
  idempotency_in_progress: { status: 409, title: "The first request with this key is still running", retryable: true },
  session_not_connected: { status: 409, title: "The session is not connected", retryable: true },
  events_expired: { status: 410, title: "Those events are older than the log", retryable: false },
  revision_mismatch: { status: 412, title: "The row was changed since you read it", retryable: false },
  body_too_large: { status: 413, title: "The body is too large", retryable: false },
  unsupported_media_type: { status: 415, title: "The content type is not supported", retryable: false },
  validation_failed: { status: 422, title: "The request has invalid fields", retryable: false },
  unknown_field: { status: 422, title: "The request has fields that do not exist", retryable: false },
  too_many_items: { status: 422, title: "Too many items in one request", retryable: false },
  unsupported_content: { status: 422, title: "This kind of content is not supported yet", retryable: false },
  unknown_variable: { status: 422, title: "The text names a variable that no recipient has", retryable: false },
  wrong_format: { status: 422, title: "The file is not a list of recipients", retryable: false },
  opted_out: { status: 422, title: "The recipient asked not to be written to", retryable: false },
  idempotency_key_reused: { status: 422, title: "The key was used for another request", retryable: false },
  rate_limited: { status: 429, title: "Too many requests", retryable: true },
  pairing_limit: { status: 429, title: "Too many pairings", retryable: true },
  backlog_full: { status: 429, title: "Too many messages are waiting", retryable: true },
  internal: { status: 500, title: "Something failed on our side", retryable: true },
  unavailable: { status: 503, title: "A part we depend on is away", retryable: true },
} as const;

export type ProblemCode = keyof typeof problemCatalogue;

/** One bad field: a JSON pointer into the body (or `?name` for a query parameter), a code and a sentence that says what to do. */
export const FieldError = z.object({ pointer: z.string(), code: z.string(), message: z.string() });
export type FieldError = z.infer<typeof FieldError>;

/** What an API caller receives with every refusal (RFC 9457, `application/problem+json`). */
export const Problem = z
  .object({
    type: z.string().describe("`/problems/<code>`"),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    request_id: z.string(),
    retry_after: z.int().optional().describe("Seconds after which trying again can help"),
    errors: z.array(FieldError).max(100).optional(),
    state: z.string().optional().describe("The present status, when that is what stands in the way"),
    oldest: z.int().optional().describe("Oldest event sequence still kept"),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof Problem>;

interface AppErrorOptions {
  cause?: unknown;
  errors?: FieldError[];
  retryAfterSeconds?: number;
  facts?: ProblemFacts;
}

/** What a refusal says beyond its sentence, as members of the problem body. */
export interface ProblemFacts {
  state?: string;
  oldest?: number;
}

/** The one error class of the platform: a code of the catalogue, a sentence for the reader, the cause always kept. */
export class AppError extends Error {
  readonly code: ProblemCode;
  readonly errors: FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly facts: ProblemFacts;

  constructor(code: ProblemCode, detail: string, options: AppErrorOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.facts = options.facts ?? {};
  }

  get status(): number {
    return problemCatalogue[this.code].status;
  }

  /** Whether the same request can succeed later. */
  get retryable(): boolean {
    return problemCatalogue[this.code].retryable;
  }
}
