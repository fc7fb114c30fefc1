import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { WriteTurns } from "./write-turns.ts";

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

describe("writing", () => {
  it("is done in the next turn of the event loop if nothing came in, for all links together and once each", async () => {
    const writes = new WriteTurns(new VirtualClock());
    const written: string[] = [];
    writes.add(() => written.push("a"));
    writes.add(() => written.push("b"));
    expect(written).toEqual([]);
    await turns(1);
    expect(written).toEqual(["a", "b"]);
    await turns(5);
    expect(written).toEqual(["a", "b"]);
  });

  it("waits while turns bring frames, so that what they set going is written with the rest", async () => {
    const writes = new WriteTurns(new VirtualClock());
    const written: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      writes.noteRead();
      writes.add(() => written.push(turn));
      await turns(1);
      expect(written).toEqual([]);
    }
    await turns(1);
    expect(written).toEqual([0, 1, 2, 3, 4]);
  });

  it("waits no longer than a millisecond, though frames keep coming in", async () => {
    let at = 0;
    const writes = new WriteTurns({
      now: () => at,
      monotonic: () => at,
      schedule: () => ({ cancel() {} }),
    });
    const written: number[] = [];
    writes.noteRead();
    writes.add(() => written.push(1));
    at = 0.5;
    writes.noteRead();
    await turns(1);
    expect(written).toEqual([]);
    at = 1;
    writes.noteRead();
    await turns(1);
    expect(written).toEqual([1]);
  });

  it("begins anew for what is added by a write", async () => {
    const writes = new WriteTurns(new VirtualClock());
    const written: string[] = [];
    writes.add(() => {
      written.push("first");
      writes.add(() => written.push("second"));
    });
    await turns(1);
    expect(written).toEqual(["first"]);
    await turns(1);
    expect(written).toEqual(["first", "second"]);
  });
});
