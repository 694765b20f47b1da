import { Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { useServices } from "../app-context.tsx";
import { queryKeys } from "../lib/query-keys.ts";
import { ErrorNote } from "./error-note.tsx";
import { LoadingRows } from "./loading-rows.tsx";
import { MessageSteps } from "./message-steps.tsx";
import classes from "./why-dialog.module.css";

/** While it is open the timeline is read again: no event tells of every step. */
const readEveryMs = 3_000;

/** Why a message is where it is, over any page whose address has `?why=<id>`: the sentence first, then how it came. */
export function WhyDialog() {
  const [search, setSearch] = useSearchParams();
  const id = search.get("why");
  const close = (): void =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        next.delete("why");
        return next;
      },
      { replace: true },
    );
  return (
    <Modal
      opened={id !== null}
      onClose={close}
      title="Why?"
      size="lg"
      closeButtonProps={{ "aria-label": "Close" }}
      transitionProps={{ duration: 120 }}
    >
      {id !== null && <Why id={id} />}
    </Modal>
  );
}

function Why({ id }: { id: string }) {
  const { api } = useServices();
  const timeline = useQuery({
    queryKey: queryKeys.timeline(id),
    queryFn: ({ signal }) => api.timeline(encodeURIComponent(id), signal),
    refetchInterval: readEveryMs,
  });
  if (!timeline.data) {
    return timeline.isError ? (
      <ErrorNote what="The timeline could not be read." error={timeline.error} onRetry={timeline.refetch} />
    ) : (
      <LoadingRows rows={4} />
    );
  }
  return (
    <div className={classes["why"]}>
      <p className={classes["explanation"]} role="status">
        {timeline.data.explanation}
      </p>
      <MessageSteps entries={timeline.data.entries} />
    </div>
  );
}
