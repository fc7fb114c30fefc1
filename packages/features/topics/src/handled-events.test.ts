import { describe, expect, it } from "vitest";
import { type DeliveryPlace, HandledEvents } from "./handled-events.ts";

function place(seq: number, given: Partial<DeliveryPlace> = {}): DeliveryPlace {
  return { reader: "news/0/g", generation: "a", seq, doneBefore: 0, ...given };
}

describe("what an actor remembers of events", () => {
  it("is each that it has handled, until its reader is done with it", () => {
    const handled = new HandledEvents({ isDirty: false });
    handled.put(place(5));
    handled.put(place(3));
    expect([3, 4, 5, 6].map((seq) => handled.has(place(seq)))).toEqual([true, false, true, false]);
    handled.put(place(9, { doneBefore: 5 }));
    expect([3, 4, 5, 9].map((seq) => handled.has(place(seq)))).toEqual([true, true, true, true]);
    // A copy that is late knows less.
    handled.put(place(10, { doneBefore: 2 }));
    expect(handled.has(place(4))).toBe(true);
    expect(handled.collect()).toMatchObject([{ after: { doneBefore: 5, seqs: [5, 9, 10] } }]);
  });

  it("is apart for each reader, and begins anew with a group that was made anew", () => {
    const handled = new HandledEvents({ isDirty: false });
    handled.put(place(5));
    expect(handled.has(place(5, { reader: "news/1/g" }))).toBe(false);
    expect(handled.has(place(5, { generation: "b" }))).toBe(false);
    handled.put(place(1, { generation: "b" }));
    expect(handled.has(place(5, { generation: "b" }))).toBe(false);
  });

  it("is undone with the turn", () => {
    const handled = new HandledEvents({ isDirty: false });
    handled.put(place(5));
    handled.adopt();
    handled.put(place(6));
    handled.rollback();
    expect([5, 6].map((seq) => handled.has(place(seq)))).toEqual([true, false]);
  });
});
