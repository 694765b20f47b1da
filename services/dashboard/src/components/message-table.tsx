import type { Message } from "@flotilla/shared/contract/http-messages";
import { IconArrowDownLeft, IconArrowUpRight } from "@tabler/icons-react";
import { Link } from "react-router";
import { formatReason, partyName } from "../lib/format.ts";
import { messageText } from "../lib/message-text.ts";
import classes from "./message-table.module.css";
import { MessageTicks } from "./message-ticks.tsx";
import { Moment } from "./moment.tsx";
import { WhyLink } from "./why-link.tsx";

/** Messages of any direction, newest first; each opens its conversation. */
export function MessageTable({ messages }: { messages: readonly Message[] }) {
  return (
    <ul className={classes["list"]}>
      {messages.map((message) => (
        <li key={message.id} className={classes["item"]}>
          <Link to={`/inbox/${message.chat_id}`} className={classes["row"]}>
            <span className={classes["way"]} title={message.direction === "out" ? "Sent by us" : "Received"}>
              {message.direction === "out" ? (
                <IconArrowUpRight size={16} aria-label="Out" />
              ) : (
                <IconArrowDownLeft size={16} aria-label="In" />
              )}
            </span>
            <span className={classes["who"]}>{partyName(message.party)}</span>
            <span className={classes["text"]}>{messageText(message)}</span>
            <span className={classes["status"]}>
              {message.direction === "out" && <MessageTicks status={message.status} word />}
              {message.failure !== null && (
                <span title={message.failure.detail}> {formatReason(message.failure.code)}</span>
              )}
            </span>
            <span className={classes["when"]}>
              <Moment at={message.accepted_at} />
            </span>
          </Link>
          <span className={classes["why"]}>
            {message.direction === "out" && <WhyLink id={message.id} status={message.status} />}
          </span>
        </li>
      ))}
    </ul>
  );
}
