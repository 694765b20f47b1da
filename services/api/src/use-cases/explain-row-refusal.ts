import { assertNever } from "@flotilla/shared/domain/assert-never";
import { AppError } from "@flotilla/shared/contract/problem";
import type { NewMessage, RowRefusal } from "../ports.ts";

/** The refusal of one row as the error its sender reads; pointers stand under `root`. */
export function explainRowRefusal(code: RowRefusal, row: NewMessage, root = ""): AppError {
  switch (code) {
    case "unknown_session":
      return new AppError("validation_failed", `There is no session ${row.session}`, {
        errors: [
          { pointer: `${root}/session`, code: "unknown_session", message: "There is no session of this id or name" },
        ],
      });
    case "session_not_connected":
      return new AppError("session_not_connected", `The session ${row.session} is not linked any more: pair it again`);
    case "opted_out":
      return new AppError("opted_out", `${row.input} asked not to be written to, or a member decided so`, {
        errors: [{ pointer: `${root}/to`, code: "opted_out", message: "This person is suppressed" }],
      });
    case "backlog_full":
      return new AppError("backlog_full", "A million messages of this session are waiting already", {
        retryAfterSeconds: 60,
      });
    case "client_ref_conflict":
      return new AppError("client_ref_conflict", `client_ref ${row.client_ref ?? ""} named another message before`, {
        errors: [{ pointer: `${root}/client_ref`, code: "client_ref_conflict", message: "Used for other content" }],
      });
    case "not_stored":
      return new AppError("validation_failed", "Not stored, because another item of the atomic batch was refused");
    default:
      return assertNever(code);
  }
}
