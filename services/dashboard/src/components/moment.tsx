import { formatAgo, formatMoment, formatUtc } from "../lib/format.ts";
import { useNow } from "../lib/use-now.ts";

/** A moment as people say it; UTC to the second on hover. */
export function Moment({ at, exact = false }: { at: string; exact?: boolean }) {
  const now = useNow(20_000);
  return (
    <time dateTime={at} title={formatUtc(at)}>
      {exact ? formatMoment(at, now) : formatAgo(at, now)}
    </time>
  );
}
