import { waitFor } from "@flotilla/shared/testing/wait-for";
import { Curve } from "@whiskeysockets/baileys";
import { expect, it } from "vitest";
import { openKeyPairPool } from "./key-pair-pool.ts";

it("hands out every pair once, fills up again, and the halves belong together", async () => {
  await using pool = openKeyPairPool(600);
  await waitFor(() => pool.size() >= 600, { describe: "a full pool" });
  const other = Curve.generateKeyPair();
  const full = pool.size();
  const pairs = Array.from({ length: full }, () => pool.take()!);
  expect(pool.take()).toBeUndefined();
  const shared = pairs.slice(0, 10).map(({ privKey }) => Curve.sharedKey(privKey, other.public));
  expect(shared).toEqual(pairs.slice(0, 10).map(({ pubKey }) => Curve.sharedKey(other.private, pubKey.subarray(1))));
  expect(new Set(pairs.map(({ pubKey }) => pubKey.toString("hex"))).size).toBe(full);
  await waitFor(() => pool.size() >= 600, { describe: "the pool filled up again" });
});
