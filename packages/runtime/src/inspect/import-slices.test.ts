import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { ImportSlices } from "./import-slices.ts";

const ALICE = { type: "Account", id: "alice" };

/** A slice of ten bytes. */
function slice(offset: number, length: number, size = 10): Parameters<ImportSlices["take"]>[2] {
  const fields = new Uint8Array(length).map((_, at) => offset + at);
  return { exportId: "e", epoch: 1, replace: false, resume: false, size, offset, fields };
}

const WHOLE = Buffer.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);

describe("slices of an imported actor", () => {
  it("are put together, apart for each caller and actor", () => {
    const slices = new ImportSlices(new VirtualClock());
    expect(slices.take("one", ALICE, slice(0, 10))).toEqual(Uint8Array.from(WHOLE));
    expect(slices.take("one", ALICE, slice(0, 6))).toBeUndefined();
    expect(slices.take("other", ALICE, slice(0, 4))).toBeUndefined();
    expect(slices.take("other", ALICE, slice(4, 6))).toEqual(WHOLE);
    expect(slices.take("one", ALICE, slice(6, 4))).toEqual(WHOLE);
  });

  it("begin again at 0, and are refused if one is missing or too long", () => {
    const slices = new ImportSlices(new VirtualClock());
    const refusal = "[BAD_CONFIG] a slice of Account/alice at 6 does not follow the one before";
    expect(() => slices.take("one", ALICE, slice(6, 4))).toThrow(refusal);
    expect(slices.take("one", ALICE, slice(0, 3))).toBeUndefined();
    expect(() => slices.take("one", ALICE, slice(6, 4))).toThrow(refusal);
    expect(() => slices.take("one", ALICE, slice(3, 9))).toThrow("at 3 does not follow");
    expect(slices.take("one", ALICE, slice(0, 6))).toBeUndefined();
    expect(slices.take("one", ALICE, slice(6, 4))).toEqual(WHOLE);
  });

  it("of too many or too large actors are refused, until those before were given up", async () => {
    const clock = new VirtualClock();
    const slices = new ImportSlices(clock);
    for (let at = 0; at < 8; at++) slices.take("one", { ...ALICE, id: `a${at}` }, slice(0, 1));
    expect(() => slices.take("one", ALICE, slice(0, 1))).toThrow("[OVERLOADED] slices of 8 actors");
    await clock.advance(61_000);
    expect(slices.take("one", ALICE, slice(0, 1))).toBeUndefined();
    expect(() => slices.take("one", ALICE, slice(0, 1, 2 ** 30))).toThrow(
      "[PAYLOAD_TOO_LARGE] Account/alice has 1073741824 bytes; at most 268435456 can be imported",
    );
  });
});
