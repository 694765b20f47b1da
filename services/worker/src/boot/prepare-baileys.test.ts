import { createLogger } from "@flotilla/shared/runtime/logger";
import { waitFor } from "@flotilla/shared/testing/wait-for";
import { beforeAll, describe, expect, it } from "vitest";
import type { Baileys } from "./library.ts";
import { makeKeyPairsAhead } from "./make-key-pairs-ahead.ts";
import { prepareBaileys } from "./prepare-baileys.ts";
import { checkLibrary } from "./self-checks.ts";

describe("the prepared library", () => {
  const logger = createLogger({ service: "test", level: "silent" });
  let baileys: Baileys;

  beforeAll(async () => {
    baileys = await prepareBaileys({ network: {}, logger });
  });

  it("passes every self-check, and is the same for whoever asks again", async () => {
    expect(await checkLibrary(baileys)).toEqual([]);
    expect(await prepareBaileys({ network: {}, logger })).toBe(baileys);
  });

  it("takes its key pairs from those made ahead", async () => {
    const pool = makeKeyPairsAhead();
    await waitFor(() => pool.size() > 0, { describe: "pairs made ahead" });
    const before = pool.size();
    baileys.Curve.generateKeyPair();
    expect(pool.size()).toBe(before - 1);
  });

  it("is found unsafe when signatures are not checked", async () => {
    const { verify } = baileys.Curve;
    baileys.Curve.verify = () => true;
    try {
      expect(await checkLibrary(baileys)).toEqual(["a wrong signature is accepted"]);
    } finally {
      baileys.Curve.verify = verify;
    }
  });

  it("is found unsafe when transactions do not end", async () => {
    const visible = {
      isInTransaction: () => true,
      transaction: (work: () => unknown) => work(),
      get: () => ({}),
      set: () => {},
    };
    const failures = await checkLibrary({ ...baileys, addTransactionCapability: () => visible as never });
    expect(failures).toContain("a finished key transaction stays visible");
  });

  it("is found unsafe when it decrypts a copy of what stood in the stanza", async () => {
    const { decryptMessageNode } = baileys;
    const copying: typeof decryptMessageNode = (stanza, meId, meLid, repository, log) =>
      decryptMessageNode(structuredClone(stanza), meId, meLid, repository, log);
    const failures = await checkLibrary({ ...baileys, decryptMessageNode: copying });
    expect(failures).toEqual(["what was decrypted is not journaled together with its keys"]);
  });
});
