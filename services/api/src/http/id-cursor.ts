import { z } from "zod";

/** Lists in the order of their ids: the cursor is the last one. */
export const idCursor = { schema: z.uuid(), filtersOf: (before: string) => ({ before }) };

/** Lists in the order of their latest activity. */
export const activityCursor = {
  schema: z.strictObject({ at: z.iso.datetime({ offset: true }), id: z.uuid() }),
  filtersOf: ({ at, id }: { at: string; id: string }) => ({ before_at: at, before: id }),
};
