import { beforeAll, describe, expect, it } from "vitest";
import { verifySignature } from "../protocol/keys.ts";
import { SignalStore } from "./signal-store.ts";
import { tuneLibsignal } from "./tune-libsignal.ts";

const secret = Buffer.alloc(32, 3);
const store = (phone: string): SignalStore => new SignalStore(secret, phone, () => undefined);

describe("SignalStore", () => {
  beforeAll(() => tuneLibsignal());

  it("carries messages both ways between two phones", async () => {
    const [ann, bob] = [store("1"), store("2")];
    await ann.openSession("2_1.0", bob.nextBundle());
    const hello = await ann.encrypt("2_1.0", Buffer.from("hello"));
    expect(hello.type).toBe("pkmsg");
    expect((await bob.decrypt("1_1.0", hello)).toString()).toBe("hello");
    const answer = await bob.encrypt("1_1.0", Buffer.from("hi"));
    expect(answer.type).toBe("msg");
    expect((await ann.decrypt("2_1.0", answer)).toString()).toBe("hi");
  });

  it("refuses the same ciphertext a second time", async () => {
    const [ann, bob] = [store("1"), store("2")];
    await ann.openSession("2_1.0", bob.nextBundle());
    const hello = await ann.encrypt("2_1.0", Buffer.from("hello"));
    await bob.decrypt("1_1.0", hello);
    await expect(bob.decrypt("1_1.0", hello)).rejects.toThrow("Key used already");
  });

  it("never gives the same one-time key twice, and signs its signed key", () => {
    const bob = store("2");
    const [first, second] = [bob.nextBundle(), bob.nextBundle()];
    expect(first.oneTimeKey?.id).not.toBe(second.oneTimeKey?.id);
    const { identity, signedPreKey } = first;
    const signed = Buffer.concat([Buffer.from([5]), signedPreKey.public]);
    expect(verifySignature(identity, signed, signedPreKey.signature)).toBe(true);
  });

  it("goes on where it was after it was saved and loaded", async () => {
    const [ann, bob] = [store("1"), store("2")];
    await ann.openSession("2_1.0", bob.nextBundle());
    await bob.decrypt("1_1.0", await ann.encrypt("2_1.0", Buffer.from("one")));
    const later = store("2");
    later.load(JSON.parse(JSON.stringify(bob.save())) as ReturnType<SignalStore["save"]>);
    const two = await later.decrypt("1_1.0", await ann.encrypt("2_1.0", Buffer.from("two")));
    expect(two.toString()).toBe("two");
    expect(later.nextBundle().oneTimeKey?.id).toBe(2);
  });
});
