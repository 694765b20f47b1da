import { Button } from "@mantine/core";
import classes from "./more-button.module.css";

/** Loads the next page of a list, while there is one. */
export function MoreButton({
  list,
  label = "Show more",
}: {
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
  label?: string;
}) {
  if (!list.hasNextPage) return null;
  return (
    <div className={classes["more"]}>
      <Button variant="subtle" size="xs" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
        {label}
      </Button>
    </div>
  );
}
