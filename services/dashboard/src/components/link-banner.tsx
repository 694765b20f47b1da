import { IconPlugConnectedX } from "@tabler/icons-react";
import { formatAgo } from "../lib/format.ts";
import { useNow } from "../lib/use-now.ts";
import { useLinkState } from "../live/use-live.ts";
import classes from "./link-banner.module.css";

/** Losses shorter than this are not worth a word: most reconnects take less. */
const quietMs = 1_500;

/** Says quietly that live updates are missing; what is done by hand still works. */
export function LinkBanner() {
  const link = useLinkState();
  const now = useNow(1_000);
  const isShown = link.state === "lost" && now - link.since > quietMs;
  return (
    <div role="status" aria-live="polite">
      {isShown && (
        <p className={classes["banner"]}>
          <IconPlugConnectedX aria-hidden size={16} />
          <span>
            Live updates stopped {formatAgo(new Date(link.since).toISOString(), now)}. Actions still work; this page
            catches up by itself.
          </span>
        </p>
      )}
    </div>
  );
}
