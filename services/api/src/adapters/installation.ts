import { AppError } from "@flotilla/shared/contract/problem";
import type { ServiceClient } from "@flotilla/shared/runtime/supabase";
import { z } from "zod";

const Row = z.object({ shard_count: z.int().min(1) });

/** In how many shards this installation keeps its sessions; fixed for good. Throws `unavailable` when it cannot be read. */
export async function readShardCount(client: ServiceClient): Promise<number> {
  const { data, error } = await client.from("installation").select("shard_count").single();
  if (error !== null) throw new AppError("unavailable", `The installation cannot be read: ${error.message}`);
  return Row.parse(data).shard_count;
}
