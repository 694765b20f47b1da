import type { MessageStatus } from "@flotilla/shared/contract/statuses";
import { Link, useSearchParams } from "react-router";
import { messageWords } from "../lib/words.ts";
import classes from "./why-link.module.css";

/** Opens the timeline of a message over the page: `?why=<id>`, so that it can be linked to. */
export function WhyLink({ id, status }: { id: string; status: MessageStatus }) {
  const [search] = useSearchParams();
  const next = new URLSearchParams(search);
  next.set("why", id);
  return (
    <Link to={{ search: next.toString() }} className={classes["why"]}>
      why?<span className={classes["hidden"]}> The message is {messageWords[status].label.toLowerCase()}</span>
    </Link>
  );
}
