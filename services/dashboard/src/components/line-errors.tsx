import { useQuery } from "@tanstack/react-query";
import { useServices } from "../app-context.tsx";
import { queryKeys } from "../lib/query-keys.ts";
import { ErrorNote } from "./error-note.tsx";
import classes from "./line-errors.module.css";
import { LoadingRows } from "./loading-rows.tsx";
import { Surface } from "./surface.tsx";

/** The lines of a list that were refused, each with what is wrong. */
export function LineErrors({ campaignId }: { campaignId: string }) {
  const { api } = useServices();
  const errors = useQuery({
    queryKey: queryKeys.lineErrors(campaignId),
    queryFn: ({ signal }) => api.lineErrors(campaignId, signal),
  });
  return (
    <Surface title="Lines that were not taken" flush>
      {errors.isPending && <LoadingRows rows={2} />}
      {errors.isError && <ErrorNote what="They could not be read." error={errors.error} onRetry={errors.refetch} />}
      {errors.data && (
        <div className={classes["scroll"]}>
          <table className={classes["table"]}>
            <thead>
              <tr>
                <th scope="col">Part</th>
                <th scope="col">Line</th>
                <th scope="col">Value</th>
                <th scope="col">Why</th>
              </tr>
            </thead>
            <tbody>
              {errors.data.rows.map((error) => (
                <tr key={`${error.part}:${error.line}:${error.code}`}>
                  <td className="numeric">{error.part}</td>
                  <td className="numeric">{error.line}</td>
                  <td>
                    <code>{error.value}</code>
                  </td>
                  <td>{error.message}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {errors.data.hasMore && <p className={classes["more"]}>Only the first lines are shown.</p>}
        </div>
      )}
    </Surface>
  );
}
