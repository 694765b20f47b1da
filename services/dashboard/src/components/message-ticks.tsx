import type { MessageStatus } from "@flotilla/shared/contract/statuses";
import { assertNever } from "@flotilla/shared/domain/assert-never";
import { IconAlertCircle, IconBan, IconCheck, IconChecks, IconClock, IconHourglass } from "@tabler/icons-react";
import type { ReactElement } from "react";
import { messageWords } from "../lib/words.ts";
import classes from "./message-ticks.module.css";

function shapeOf(status: MessageStatus): ReactElement {
  switch (status) {
    case "queued":
    case "scheduled":
    case "sending":
      return <IconClock aria-hidden size={15} />;
    case "held":
    case "unknown":
      return <IconHourglass aria-hidden size={15} />;
    case "sent":
      return <IconCheck aria-hidden size={16} />;
    case "delivered":
    case "read":
    case "played":
      return <IconChecks aria-hidden size={16} />;
    case "failed":
      return <IconAlertCircle aria-hidden size={15} />;
    case "canceled":
    case "expired":
      return <IconBan aria-hidden size={15} />;
    default:
      return assertNever(status);
  }
}

/** The ticks of one outbound message, with the status as a word for those who do not see them. */
export function MessageTicks({ status, word = false }: { status: MessageStatus; word?: boolean }) {
  const { label } = messageWords[status];
  return (
    <span className={classes["ticks"]} data-status={status} title={label}>
      {shapeOf(status)}
      <span className={word ? undefined : classes["hidden"]}>{label}</span>
    </span>
  );
}
