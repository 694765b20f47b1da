import { Skeleton } from "@mantine/core";
import classes from "./loading-rows.module.css";

/** Grey rows in the final size; they appear after 150 ms, so a quick answer never flickers. */
export function LoadingRows({ rows = 4, height = 44 }: { rows?: number; height?: number }) {
  return (
    <div className={classes["rows"]} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} radius="md" />
      ))}
    </div>
  );
}
