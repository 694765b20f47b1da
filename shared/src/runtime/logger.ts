import { pino } from "pino";
import { scrub } from "./scrub.ts";

export type Logger = pino.Logger;

/** The names under which ids are bound, so that one search finds everything about a thing in every service. */
export interface LogBindings {
  part?: string;
  instance?: string;
  tenantId?: string;
  memberId?: string;
  sessionId?: string;
  shard?: number;
  campaignId?: string;
  messageId?: string;
  jobId?: string;
  jobName?: string;
  requestId?: string;
  socketId?: string;
}

export interface LoggerOptions {
  service: string;
  /** Default `info`. */
  level?: string;
  /** Where lines go; default stdout, written before the call returns, so a crash loses none. */
  destination?: pino.DestinationStream;
}

const redactedPaths = ["token", "password", "secret", "secretKey", "apiKey", "authorization", "cookie", "qr", "creds"];

/**
 * The root logger: one JSON object a line on stdout (whoever starts the service may make it pretty), level as a word,
 * secrets cut by path and, as a second net, by shape. Message text is never passed to it in the first place.
 */
export function createLogger({ service, level = "info", destination }: LoggerOptions): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: pino.stdSerializers.errWithCause },
    redact: {
      paths: redactedPaths
        .flatMap((path) => [path, `*.${path}`])
        .concat("req.headers.authorization", "req.headers.cookie"),
      censor: "[cut]",
    },
    hooks: { streamWrite: scrub },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** A child that says which things its lines are about. Children made before a change of level keep the old one. */
export function bindIds(logger: Logger, bindings: LogBindings): Logger {
  return logger.child(bindings);
}
