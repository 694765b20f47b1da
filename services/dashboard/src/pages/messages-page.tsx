import { Select } from "@mantine/core";
import { MessageStatus } from "@flotilla/shared/contract/statuses";
import { IconListDetails } from "@tabler/icons-react";
import { useSearchParams } from "react-router";
import { useServices } from "../app-context.tsx";
import { EmptyNote } from "../components/empty-note.tsx";
import { ErrorNote } from "../components/error-note.tsx";
import { LoadingRows } from "../components/loading-rows.tsx";
import { MessageTable } from "../components/message-table.tsx";
import { MoreButton } from "../components/more-button.tsx";
import { PageFrame } from "../components/page-frame.tsx";
import { Surface } from "../components/surface.tsx";
import { queryKeys } from "../lib/query-keys.ts";
import { useList } from "../lib/use-list.ts";
import { messageWords } from "../lib/words.ts";
import classes from "./messages-page.module.css";

const statusChoices = MessageStatus.options.map((value) => ({ value, label: messageWords[value].label }));
const directionChoices = [
  { value: "out", label: "Sent by us" },
  { value: "in", label: "Received" },
];

/** Every message with its status moving; the filters are in the address, so a list can be linked to. */
export function MessagesPage() {
  const { api } = useServices();
  const [search, setSearch] = useSearchParams();
  const status = MessageStatus.safeParse(search.get("status")).data;
  const direction = directionChoices.find(({ value }) => value === search.get("direction"))?.value;
  const campaign = search.get("campaign") ?? undefined;
  const filter = { status, direction, campaign };
  const list = useList({
    key: queryKeys.messages(filter),
    topic: "inbox",
    read: (page) => api.messages({ ...page, ...filter, limit: 50 }),
  });
  const choose = (name: string, value: string | null): void =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      if (value === null) next.delete(name);
      else next.set(name, value);
      return next;
    });
  return (
    <PageFrame
      title="Messages"
      lead={campaign === undefined ? "Everything sent and received, newest first" : "Of one campaign, newest first"}
      action={
        <div className={classes["filters"]}>
          <Select
            aria-label="Direction"
            placeholder="Both directions"
            data={directionChoices}
            value={direction ?? null}
            onChange={(value) => choose("direction", value)}
            clearable
          />
          <Select
            aria-label="Status"
            placeholder="Any status"
            data={statusChoices}
            value={status ?? null}
            onChange={(value) => choose("status", value)}
            clearable
          />
        </div>
      }
    >
      <Surface flush>
        {list.isError && <ErrorNote what="Messages could not be read." error={list.error} onRetry={list.refetch} />}
        {list.isPending && <LoadingRows />}
        {list.rows?.length === 0 && (
          <EmptyNote icon={<IconListDetails aria-hidden size={22} />}>No message fits these filters.</EmptyNote>
        )}
        {list.rows && list.rows.length > 0 && <MessageTable messages={list.rows} />}
        <MoreButton list={list} />
      </Surface>
    </PageFrame>
  );
}
