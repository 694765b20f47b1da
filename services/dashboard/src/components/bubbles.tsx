import type { MessageStatus } from "@flotilla/shared/contract/statuses";
import { useEffect, useRef } from "react";
import { formatReason } from "../lib/format.ts";
import classes from "./bubbles.module.css";
import { MessageTicks } from "./message-ticks.tsx";
import { Moment } from "./moment.tsx";
import { WhyLink } from "./why-link.tsx";

export interface Bubble {
  id: string;
  text: string;
  at: string;
  isOwn: boolean;
  /** Null where no ticks are shown: messages of the other side. */
  status: MessageStatus | null;
  failure?: string | null;
}

/** Nobody asks why of these: the link shows when it is pointed at or reached by keyboard. */
const hasArrived = (status: MessageStatus): boolean =>
  status === "sent" || status === "delivered" || status === "read" || status === "played";

/** How close to the end the reader must be for new lines to scroll into view. */
const nearEndPx = 120;

/** One conversation, oldest first; stays at the end unless the reader scrolled up. */
export function Bubbles({ bubbles, label }: { bubbles: readonly Bubble[]; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const count = bubbles.length;
  useEffect(() => {
    if (count > 0 && box.current && isAtEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [count]);
  return (
    <div
      ref={box}
      className={classes["box"]}
      role="log"
      aria-label={label}
      tabIndex={0}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < nearEndPx;
      }}
    >
      <div className={classes["lines"]}>
        {bubbles.map((bubble) => (
          <div key={bubble.id} className={classes["bubble"]} data-own={bubble.isOwn || undefined}>
            <span className={classes["text"]}>{bubble.text}</span>
            <span className={classes["meta"]}>
              {bubble.failure != null && <span className={classes["failure"]}>{formatReason(bubble.failure)}</span>}
              <Moment at={bubble.at} exact />
              {bubble.status !== null && <MessageTicks status={bubble.status} />}
              {bubble.status !== null && (
                <span className={classes["why"]} data-quiet={hasArrived(bubble.status) || undefined}>
                  <WhyLink id={bubble.id} status={bubble.status} />
                </span>
              )}
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}
