import { describe, expect, it } from "vitest";
import { frame, FrameReader, FramingError, streamIntro } from "./framing.ts";

const payloads = [Buffer.from("one"), Buffer.alloc(0), Buffer.alloc(300, 7)];
const stream = Buffer.concat([streamIntro, ...payloads.map((payload) => frame(payload))]);

describe("FrameReader", () => {
  it.each([1, 2, 5, 64, stream.length])("finds the same frames in pieces of %i bytes", (size) => {
    const reader = new FrameReader();
    const found: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) found.push(...reader.push(stream.subarray(at, at + size)));
    expect(found).toEqual(payloads);
  });

  it("skips a routing prefix", () => {
    const routing = Buffer.concat([Buffer.from("ED"), Buffer.from([0, 1, 0, 0, 3, 8, 8, 8])]);
    expect(new FrameReader().push(Buffer.concat([routing, stream]))).toEqual(payloads);
  });

  it("refuses another protocol and a frame that is too long", () => {
    expect(() => new FrameReader().push(Buffer.from("GET /"))).toThrow(FramingError);
    const reader = new FrameReader(100);
    expect(() => reader.push(Buffer.concat([streamIntro, frame(Buffer.alloc(101))]))).toThrow("too long");
  });
});
