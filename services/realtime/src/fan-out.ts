import type { Envelope } from "@flotilla/shared/contract/events";

/** Every topic in which an event is shown. */
export function topicsOf(event: Envelope): string[] {
  const topics: string[] = [];
  const kind = event.type.slice(0, event.type.indexOf("."));
  const isOptOut = kind === "contact" || kind === "suppression";
  if (kind === "session" || kind === "campaign" || isOptOut) topics.push("tenant");
  if (kind === "message" || kind === "chat" || isOptOut) topics.push("inbox");
  const session = event.session?.id ?? (kind === "session" ? event.subject : null);
  if (session !== null) topics.push(`session:${session}`);
  const chat = idIn(event.data, "chat_id");
  if (chat !== null) topics.push(`chat:${chat}`);
  const campaign = idIn(event.data, "campaign_id");
  if (campaign !== null) topics.push(`campaign:${campaign}`);
  return topics;
}

/** The events of each wanted topic, in order; a topic without any is absent. */
export function fanOut(events: readonly Envelope[], isWanted: (topic: string) => boolean): Map<string, Envelope[]> {
  const byTopic = new Map<string, Envelope[]>();
  for (const event of events)
    for (const topic of topicsOf(event)) {
      if (!isWanted(topic)) continue;
      const shown = byTopic.get(topic);
      if (shown === undefined) byTopic.set(topic, [event]);
      else shown.push(event);
    }
  return byTopic;
}

/** The events of one topic, in order. */
export function eventsOfTopic(events: readonly Envelope[], topic: string): Envelope[] {
  return events.filter((event) => topicsOf(event).includes(topic));
}

/** An id that stands in the data itself or in the message it carries. */
function idIn(data: Envelope["data"], name: "chat_id" | "campaign_id"): string | null {
  const message = data["message"];
  const carried = typeof message === "object" && message !== null ? (message as Record<string, unknown>)[name] : null;
  const id = data[name] ?? carried;
  return typeof id === "string" ? id : null;
}
