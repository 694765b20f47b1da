import type { Envelope } from "@flotilla/shared/contract/events";
import { useEffect, useState } from "react";
import { useServices } from "../app-context.tsx";
import { eventWords } from "../lib/event-words.ts";
import { EmptyNote } from "./empty-note.tsx";
import classes from "./event-tail.module.css";

const kept = 60;
const time = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hour12: false,
});

/** Events of one session as they happen, the newest first; the topic is followed by the page around it. */
export function EventTail({ sessionId }: { sessionId: string }) {
  const { realtime } = useServices();
  const [events, setEvents] = useState<Envelope[]>([]);
  useEffect(
    () =>
      realtime.onEvents((fresh) => {
        const own = fresh.filter(({ session }) => session?.id === sessionId);
        if (own.length > 0) setEvents((before) => [...own.toReversed(), ...before].slice(0, kept));
      }),
    [realtime, sessionId],
  );
  if (events.length === 0) return <EmptyNote>Events of this session appear here as they happen.</EmptyNote>;
  return (
    <ol className={classes["tail"]} aria-label="Events, newest first">
      {events.map((event) => (
        <li key={event.id} className={classes["event"]}>
          <time dateTime={event.time}>{time.format(new Date(event.time))}</time>
          <span className={classes["sequence"]}>{event.sequence}</span>
          <code>{event.type}</code>
          <span className={classes["words"]}>{eventWords(event)}</span>
        </li>
      ))}
    </ol>
  );
}
