import type { Session } from "@flotilla/shared/contract/http-sessions";
import { formatReason } from "../lib/format.ts";
import { sessionWords } from "../lib/words.ts";
import { StatusMark } from "./status-mark.tsx";
import classes from "./session-state.module.css";

/** A session's status with its reason; `sentence` adds what it means and what helps. */
export function SessionState({ session, sentence = false }: { session: Session; sentence?: boolean }) {
  const words = sessionWords[session.status];
  return (
    <span className={classes["state"]}>
      <StatusMark label={words.label} tone={words.tone} />
      {session.status_reason !== null && (
        <span className={classes["reason"]}>{formatReason(session.status_reason)}</span>
      )}
      {sentence && <span className={classes["reason"]}>{words.sentence}</span>}
    </span>
  );
}
