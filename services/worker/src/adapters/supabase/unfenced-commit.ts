import { callFunction, type ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";
import { groupBy } from "../../domain/group-by.ts";

const Current = z.array(z.object({ shard: z.int(), owner: z.string().nullable(), epoch: z.int() }));

/** The argument of `commit_group`: beside the first three fields lists of rows that name their shard. */
interface Batch {
  worker: string;
  commit_no: number;
  shards: { shard: number; epoch: number }[];
}
interface Answer {
  fenced: number[];
  already: number[];
  refused: { id: string; reason: string }[];
  heads: Record<string, number>;
}

/**
 * `commit_group` as a platform without fencing would have it, for runs without the mechanism `fence`: each shard is
 * written under the owner and the epoch that it has at this moment, whoever that is. What is refused all the same is
 * taken for written.
 */
export async function commitUnfenced(
  client: ServiceClient,
  batch: Batch,
  options: { schema: z.ZodType<Answer>; timeoutMs: number },
): Promise<Answer> {
  const whole: Answer = { fenced: [], already: [], refused: [], heads: {} };
  for (const p of await underCurrentOwners(client, batch)) {
    const { refused, heads } = await callFunction(client, "commit_group", { p }, options);
    whole.refused.push(...refused);
    Object.assign(whole.heads, heads);
  }
  return whole;
}

/** The batch in parts, one for each present owner. */
async function underCurrentOwners(
  client: ServiceClient,
  { worker, commit_no: commitNo, shards, ...lists }: Batch,
): Promise<Batch[]> {
  const wanted = shards.map(({ shard }) => shard);
  const { data, error } = await client.from("shards").select("shard,owner,epoch").in("shard", wanted);
  if (error !== null) throw new Error(`the owners could not be read: ${error.message}`);
  const owners = groupBy(Current.parse(data), ({ owner }) => owner ?? worker);
  return [...owners].map(([owner, owned]) => {
    const mine = new Set(owned.map(({ shard }) => shard));
    const parts = Object.entries(lists as Record<string, { shard: number }[]>).map(([name, rows]) => [
      name,
      rows.filter(({ shard }) => mine.has(shard)),
    ]);
    const epochs = owned.map(({ shard, epoch }) => ({ shard, epoch }));
    return { ...(Object.fromEntries(parts) as object), worker: owner, commit_no: commitNo, shards: epochs };
  });
}
