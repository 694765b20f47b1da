import type { Session } from "@flotilla/shared/contract/http-sessions";
import { Link } from "react-router";
import { formatPhone } from "../lib/format-phone.ts";
import { sessionTitle } from "../lib/session-title.ts";
import { Moment } from "./moment.tsx";
import { SessionActions } from "./session-actions.tsx";
import { SessionState } from "./session-state.tsx";
import classes from "./session-row.module.css";

/** One session in the list. */
export function SessionRow({ session }: { session: Session }) {
  const waitsForScan = session.status === "awaiting_scan";
  return (
    <article className={classes["row"]}>
      <div className={classes["who"]}>
        <Link to={`/sessions/${session.id}`} className={classes["name"]}>
          {sessionTitle(session)}
        </Link>
        <span className={classes["phone"]}>
          {session.phone === null ? "not linked yet" : formatPhone(session.phone)}
          {session.network === "simulated" && " · simulated"}
        </span>
      </div>
      <div className={classes["state"]}>
        <SessionState session={session} />
      </div>
      <div className={classes["since"]}>
        {waitsForScan ? <Link to={`/sessions/${session.id}`}>Show QR code</Link> : <Moment at={session.status_since} />}
      </div>
      <SessionActions session={session} />
    </article>
  );
}
