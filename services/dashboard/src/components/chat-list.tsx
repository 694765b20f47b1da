import type { Chat } from "@flotilla/shared/contract/http-chats";
import { NavLink } from "react-router";
import { partyName } from "../lib/format.ts";
import classes from "./chat-list.module.css";
import { MessageTicks } from "./message-ticks.tsx";
import { Moment } from "./moment.tsx";

/** Chats, the one with the newest line first. `search` keeps the filters of the page in the links. */
export function ChatList({ chats, search }: { chats: readonly Chat[]; search: string }) {
  return (
    <ul className={classes["list"]}>
      {chats.map((chat) => {
        const last = chat.last_message;
        const name = partyName(chat.party);
        return (
          <li key={chat.id}>
            <NavLink to={{ pathname: `/inbox/${chat.id}`, search }} className={classes["chat"]}>
              <span className={classes["avatar"]} aria-hidden>
                {initials(name)}
              </span>
              <span className={classes["name"]} data-unread={chat.unread > 0 || undefined}>
                {name}
              </span>
              <span className={classes["when"]}>
                <Moment at={chat.last_message_at} exact />
              </span>
              <span className={classes["last"]}>
                {last?.direction === "out" && <MessageTicks status={last.status} />}
                <span className={classes["text"]}>{last?.text?.body ?? (last ? `(${last.type})` : "")}</span>
              </span>
              {chat.unread > 0 && (
                <span className={classes["unread"]} aria-label={`${chat.unread} unread`}>
                  {chat.unread}
                </span>
              )}
            </NavLink>
          </li>
        );
      })}
    </ul>
  );
}

/** Two letters of a name, or the last two digits of a number. */
function initials(name: string): string {
  if (name.startsWith("+")) return name.slice(-2);
  const words = name.split(/\s+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => word.slice(0, 1))
    .join("")
    .toUpperCase();
}
