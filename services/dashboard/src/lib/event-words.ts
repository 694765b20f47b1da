import type { Envelope, EventData } from "@flotilla/shared/contract/events";
import { assertNever } from "@flotilla/shared/domain/assert-never";
import { formatReason } from "./format.ts";

/** One short line about what an event says, for the live list of the test bench. */
export function eventWords(event: Envelope): string {
  switch (event.type) {
    case "session.status_changed": {
      const { previous, status, reason } = event.data as EventData<"session.status_changed">;
      return `${formatReason(previous)} → ${formatReason(status)}${reason === null ? "" : ` (${formatReason(reason)})`}`;
    }
    case "session.qr_issued": {
      const { round, attempt } = event.data as EventData<"session.qr_issued">;
      return `code ${round} of attempt ${attempt} is offered`;
    }
    case "session.paired":
      return "a phone accepted the link";
    case "session.created":
      return "a session was made";
    case "session.deleted":
      return "a session was deleted";
    case "message.accepted":
      return "taken, on its way";
    case "message.received":
      return (event.data as EventData<"message.received">).delayed ? "came after a wait" : "somebody wrote";
    case "message.status_changed": {
      const { previous, status, failure } = event.data as EventData<"message.status_changed">;
      return `${previous} → ${status}${failure === null ? "" : ` (${formatReason(failure.code)})`}`;
    }
    case "chat.read":
      return "a chat was read";
    case "contact.opted_out":
      return `asked not to be written to (${(event.data as EventData<"contact.opted_out">).keyword})`;
    case "contact.opted_in":
      return "asked to be written to again";
    case "suppression.added":
      return "a person is not written to any more";
    case "suppression.removed":
      return "a person may be written to again";
    case "campaign.created":
      return (event.data as EventData<"campaign.created">).name;
    case "campaign.status_changed": {
      const { previous, status } = event.data as EventData<"campaign.status_changed">;
      return `${previous} → ${status}`;
    }
    case "campaign.progressed":
      return "totals moved";
    case "campaign.completed":
      return "every recipient has an end";
    default:
      return assertNever(event.type);
  }
}
