import type { CloseCause } from "../../ports.ts";

/** How the library reported the end of a connection: `lastDisconnect.error`, and what we know beside it. */
export interface CloseReport {
  /** Status of the library's error; null when it closed without one. */
  code: number | null;
  message: string;
  /** Attributes of the `<failure>` or of the reason inside `<stream:error>`. */
  attributes: Readonly<Record<string, string | undefined>>;
  /** Tag of the reason node inside a `<stream:error>`. */
  reasonTag: string | null;
  /** Node's code of the error below, such as ECONNRESET or WS_ERR_INVALID_OPCODE. */
  errorCode: string | null;
  /** Set when we cut the connection ourselves; the code then says nothing. */
  ownReason: string | null;
  nowMs: number;
}

/**
 * Names the cause of a close. Codes arrive as `<stream:error>`, as `<failure reason>` or as errors of the library itself;
 * HTTP statuses of a refused upgrade and TLS faults come as "WebSocket Error (…)".
 */
export function decodeClose(report: CloseReport): CloseCause {
  const { code, message, attributes, reasonTag, errorCode, ownReason, nowMs } = report;
  if (ownReason !== null) return { kind: "terminated_by_us", reason: ownReason };
  const detail = message.slice(0, 200);
  if (code === null) return { kind: "link_lost", code: 428, detail: detail || "closed" };
  if (message.startsWith("WebSocket Error (")) return decodeTransport(code, errorCode ?? "", detail);
  switch (code) {
    case 515:
    case 516:
      return { kind: "restart_required" };
    case 401:
    case 419:
      return isCertainUnlink(message, reasonTag) ? { kind: "unlinked", detail } : { kind: "unlinked_maybe", detail };
    case 411:
      return { kind: "unlinked", detail };
    case 402:
      return { kind: "temporarily_banned", untilMs: banEnd(attributes["expire"], nowMs) };
    case 403:
    case 406:
      return { kind: "banned", code };
    case 405:
      return { kind: "client_outdated" };
    case 409:
      return { kind: "client_refused" };
    case 400:
      return { kind: "configuration", detail };
    case 408:
      return /QR refs attempts ended/.test(message) ? { kind: "qr_expired" } : { kind: "link_lost", code, detail };
    case 428:
      return { kind: "link_lost", code, detail };
    case 429:
      return { kind: "rate_limited", code, detail };
    case 440:
      return { kind: "replaced" };
    case 503:
      return { kind: "server_busy", code, detail };
    default:
      return { kind: "unclear", code, detail };
  }
}

/**
 * Faults below the stream. An HTTP answer instead of the upgrade keeps its status. The library makes 408 of every error
 * code that begins with E, also of certificate faults, and 500 of the rest, which is TLS or a broken frame.
 */
function decodeTransport(code: number, errorCode: string, detail: string): CloseCause {
  if (errorCode.startsWith("ERR_TLS") || errorCode.startsWith("ERR_SSL")) return { kind: "configuration", detail };
  if (code === 408) return { kind: "link_lost", code, detail };
  if (errorCode.startsWith("WS_ERR")) return { kind: "unclear", code, detail };
  if (!detail.includes("Unexpected server response")) return { kind: "configuration", detail };
  if (code === 429) return { kind: "rate_limited", code, detail };
  return code >= 500 ? { kind: "server_busy", code, detail } : { kind: "configuration", detail };
}

/** A 401 counts as removal only in the forms in which the server says so; alone it is ambiguous. */
function isCertainUnlink(message: string, reasonTag: string | null): boolean {
  return reasonTag === "conflict" || message === "Connection Failure" || message === "Intentional Logout";
}

/** `expire` of a temporary ban, in seconds from now (as whatsmeow reads it); null when not told. */
function banEnd(expire: string | undefined, nowMs: number): number | null {
  const seconds = Number(expire);
  return expire !== undefined && Number.isFinite(seconds) && seconds > 0 ? nowMs + seconds * 1000 : null;
}

/** Takes the library's error apart; understands Boom by shape. */
export function reportOf(error: unknown, ownReason: string | null, nowMs: number): CloseReport {
  const boom = (error ?? {}) as { message?: unknown; output?: { statusCode?: unknown }; data?: unknown };
  const data = (boom.data ?? {}) as { tag?: unknown; attrs?: unknown; code?: unknown };
  const isNode = typeof data.tag === "string" && typeof data.attrs === "object";
  return {
    code: typeof boom.output?.statusCode === "number" ? boom.output.statusCode : null,
    message: typeof boom.message === "string" ? boom.message : "",
    attributes: (isNode ? data.attrs : data) as Record<string, string | undefined>,
    reasonTag: isNode ? (data.tag as string) : null,
    errorCode: typeof data.code === "string" ? data.code : null,
    ownReason,
    nowMs,
  };
}
