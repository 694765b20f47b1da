import { Button } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import { RequestError, sentenceOf } from "../lib/request-error.ts";
import classes from "./error-note.module.css";

/** What failed, the request id to quote, and another try. */
export function ErrorNote({ what, error, onRetry }: { what: string; error: unknown; onRetry?: () => unknown }) {
  const requestId = error instanceof RequestError ? error.requestId : null;
  return (
    <div className={classes["note"]} role="alert">
      <IconAlertTriangle aria-hidden size={18} className={classes["icon"]} />
      <div className={classes["words"]}>
        <strong>{what}</strong> {sentenceOf(error)}.
        {requestId !== null && <div className={classes["id"]}>Request {requestId}</div>}
      </div>
      {onRetry && (
        <Button size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={() => void onRetry()}>
          Try again
        </Button>
      )}
    </div>
  );
}
