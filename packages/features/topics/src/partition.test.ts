import { describe, expect, it } from "vitest";
import {
  type Fetch,
  type Fetched,
  type Join,
  Partition,
  type Pull,
  type Pulled,
} from "./partition.ts";
import type { StoredEvent } from "./topic-event.ts";

const KIB = 1_024;

function event(id: number, at = 0, bytes = 1): StoredEvent {
  return { id: String(id), source: "/test", type: "t", at, data: new Uint8Array(bytes) };
}

function pull(partition: Partition, given: Partial<Pull> = {}, now = 0): Pulled {
  const pulled = partition.pull(
    { group: "g", doneBefore: undefined, from: undefined, ...given },
    now,
  );
  if (pulled === undefined) throw new Error("there is no such group");
  return pulled;
}

function setUp(limits = { timeMs: 1_000, bytes: 64 * KIB }): Partition {
  const partition = new Partition({ isDirty: false });
  partition.retention = limits;
  return partition;
}

function join(
  partition: Partition,
  group: string,
  { type, from, now }: Omit<Join, "generation"> & { readonly now: number },
): boolean {
  return partition.join(group, { type, from, generation: "1.a" }, now);
}

const seqs = ({ entries }: Pulled): number[] => entries.map(({ seq }) => seq);

const seqsOf = (fetched: Fetched | number): number[] =>
  typeof fetched === "number" ? [] : seqs(fetched);

describe("a partition", () => {
  it("gives a group the events since it joined, or all that are not too old", () => {
    const partition = setUp();
    for (let id = 0; id < 4; id++) partition.publish(event(id, id * 500), id * 500);
    expect(join(partition, "g", { type: "T", from: "latest", now: 1_500 })).toBe(true);
    expect(join(partition, "g", { type: "T", from: "earliest", now: 1_500 })).toBe(true);
    expect(seqs(pull(partition))).toEqual([]);
    expect(join(partition, "g", { type: "T", from: "earliest", now: 1_500 })).toBe(false);
    join(partition, "all", { type: "T", from: "earliest", now: 1_500 });
    partition.publish(event(9, 1_500), 1_500);
    expect(seqs(pull(partition))).toEqual([4]);
    expect(seqs(pull(partition, { group: "all" }))).toEqual([2, 3, 4]);
  });

  it("keeps back an event until its time, and none whose publisher's clock is ahead", () => {
    const partition = setUp();
    join(partition, "g", { type: "T", from: "earliest", now: 0 });
    partition.publish({ ...event(1), deliverAt: 300 }, 0);
    partition.publish({ ...event(2), deliverAt: 200 }, 0);
    partition.publish(event(3, 900), 0);
    expect(pull(partition).entries.map(({ event: { id } }) => id)).toEqual(["3"]);
    expect(partition.nextDueAt).toBe(200);
    expect(partition.publishDue(250)).toMatchObject([{ seq: 1 }]);
    expect(partition.nextDueAt).toBe(300);
    partition.rollback();
    expect(partition.nextDueAt).toBeUndefined();
  });

  it("stores one event of each id", () => {
    const partition = setUp();
    expect(partition.publish(event(1), 0).seq).toBe(0);
    expect(partition.publish(event(2), 0).seq).toBe(1);
    expect(partition.publish(event(1), 0)).toEqual({ seq: 0, wake: [] });
    expect(partition.numbers.next).toBe(2);
    const asIfFromAnActor = { ...event(3), isFromProgram: true } as const;
    expect(partition.publish(asIfFromAnActor, 0).seq).toBe(2);
    expect(partition.publish(event(3), 0).seq).toBe(3);
  });

  it("tells a group of the next event once it has read everything, and once only", () => {
    const partition = setUp();
    join(partition, "g", { type: "T", from: "latest", now: 0 });
    expect(partition.publish(event(1), 0).wake).toEqual([]);
    expect(seqs(pull(partition))).toEqual([0]);
    expect(partition.publish(event(2), 0).wake).toEqual([]);
    expect(seqs(pull(partition, { from: 1 }))).toEqual([1]);
    expect(pull(partition, { from: 2 })).toMatchObject({ from: 2, next: 2, entries: [] });
    expect(partition.publish(event(3), 0).wake).toEqual([{ group: "g", type: "T" }]);
    expect(partition.publish(event(4), 0).wake).toEqual([]);
  });

  it("tells a group also if an old pull of it comes late", () => {
    const partition = setUp();
    join(partition, "g", { type: "T", from: "latest", now: 0 });
    partition.publish(event(1), 0);
    pull(partition, { from: 1 });
    expect(seqs(pull(partition, { from: 0 }))).toEqual([0]);
    expect(partition.publish(event(2), 0).wake).toEqual([{ group: "g", type: "T" }]);
  });

  it("keeps what a group is not done with, however old it is, and lets go of it after that", () => {
    const partition = setUp();
    join(partition, "g", { type: "T", from: "earliest", now: 0 });
    for (let id = 0; id < 5; id++) partition.publish(event(id), 0);
    partition.publish(event(5, 9_000), 9_000);
    expect(partition.numbers).toMatchObject({ first: 0, next: 6 });
    expect(seqs(pull(partition, { doneBefore: 3 }, 9_000))).toEqual([3, 4, 5]);
    expect(partition.numbers.first).toBe(3);
    pull(partition, { doneBefore: 6 }, 99_000);
    expect(partition.numbers).toMatchObject({ first: 5, groups: [{ name: "g", lag: 0 }] });
  });

  it("lets go of done events when there are too many bytes", () => {
    const partition = setUp();
    join(partition, "g", { type: "T", from: "earliest", now: 0 });
    for (let id = 0; id < 200; id++) {
      partition.publish(event(id, 0, KIB), 0);
      pull(partition, { doneBefore: id + 1 });
    }
    expect(partition.numbers.bytes).toBeLessThanOrEqual(64 * KIB);
    expect(partition.numbers.bytes).toBeGreaterThan(60 * KIB);
  });

  it("takes nothing that it would have to drop for a slow group, and says so", () => {
    const partition = setUp();
    join(partition, "slow", { type: "T", from: "earliest", now: 0 });
    const fill = (): void => {
      for (let id = partition.numbers.next; ; id++) partition.publish(event(id, 0, KIB), 0);
    };
    expect(fill).toThrow(/OVERLOADED.*the group slow is not done with/);
    expect(fill).toThrow(expect.objectContaining({ ran: "no", retryable: true }));
    const { next } = partition.numbers;
    expect(next).toBeGreaterThan(50);
    pull(partition, { group: "slow", doneBefore: 10 });
    expect(fill).toThrow(/OVERLOADED/);
    expect(partition.numbers.next - next).toBe(10);
    expect(partition.drop("slow")).toBe(true);
    for (let id = 1_000; id < 1_100; id++) partition.publish(event(id, 0, KIB), 0);
  });

  it("takes an event that is larger than what it keeps", () => {
    const partition = setUp();
    partition.publish(event(1, 0, 100 * KIB), 0);
    partition.publish(event(2, 0, 100 * KIB), 0);
    expect(partition.numbers).toMatchObject({ first: 0, next: 2 });
    partition.publish(event(3, 0, 1), 0);
    expect(partition.numbers).toMatchObject({ first: 1, next: 3 });
  });

  it("refuses a group whose name another type has", () => {
    const partition = setUp();
    join(partition, "g", { type: "T", from: "latest", now: 0 });
    expect(() => join(partition, "g", { type: "Other", from: "latest", now: 0 })).toThrow(
      /BAD_DEFINITION.*the group g/,
    );
    expect(partition.pull({ group: "h", doneBefore: 0, from: 0 }, 0)).toBeUndefined();
  });

  it("undoes what a turn did that was rolled back", () => {
    const partition = setUp();
    join(partition, "g", { type: "T", from: "latest", now: 0 });
    partition.publish(event(1), 0);
    partition.adopt();
    partition.publish(event(2), 0);
    pull(partition, { doneBefore: 2 });
    partition.rollback();
    expect(partition.numbers).toMatchObject({ next: 1, groups: [{ lag: 1 }] });
  });
});

describe("a group of programs", () => {
  const ask = { group: "p", doneBefore: undefined, from: undefined };

  function fetch(
    partition: Partition,
    consumer: string,
    now: number,
    given: Partial<Pull> & { readonly count?: Fetch["count"] } = {},
  ): Fetched | number {
    const { count = 100, ...pulled } = given;
    return partition.fetch(
      { pull: { ...ask, ...pulled }, consumer, start: "earliest", count },
      now,
    );
  }

  it("is one program's until its lease ends, and goes on where that was done", () => {
    const partition = setUp({ timeMs: 100_000, bytes: 64 * KIB });
    for (let id = 0; id < 4; id++) partition.publish(event(id), 0);
    expect(fetch(partition, "a", 0)).toMatchObject({ from: 0, next: 4, isNew: true });
    expect(fetch(partition, "b", 5_000)).toBe(15_000);
    const done = { doneBefore: 2, from: 4 };
    expect(fetch(partition, "a", 6_000, done)).toMatchObject({ entries: [], isNew: false });
    expect(fetch(partition, "b", 20_999)).toBe(21_000);
    expect(fetch(partition, "b", 21_000)).toMatchObject({ from: 2, isNew: true });
    expect(fetch(partition, "a", 22_000, { doneBefore: 4, from: 4 })).toBe(36_000);
    expect(partition.numbers.groups).toEqual([{ name: "p", lag: 2 }]);
    // What it did when it had the group no more does not count.
    expect(fetch(partition, "a", 36_000, { doneBefore: 4, from: 4 })).toMatchObject({ from: 2 });
  });

  it("is free at once when its program leaves", () => {
    const partition = setUp();
    for (let id = 0; id < 4; id++) partition.publish(event(id), 0);
    fetch(partition, "a", 0);
    expect(fetch(partition, "a", 1, { doneBefore: 3, count: "leave" })).toMatchObject({
      entries: [],
    });
    expect(fetch(partition, "b", 1)).toMatchObject({ from: 3, isNew: true });
  });

  it("renews its lease without events, and gets as many as it wants", () => {
    const partition = setUp();
    for (let id = 0; id < 4; id++) partition.publish(event(id), 0);
    expect(seqsOf(fetch(partition, "a", 0, { count: 0 }))).toEqual([]);
    expect(seqsOf(fetch(partition, "a", 14_000, { count: 2 }))).toEqual([0, 1]);
    expect(fetch(partition, "b", 28_999)).toBe(29_000);
  });

  it("is forgotten when nobody has read for it as long as events are kept", () => {
    const partition = setUp();
    partition.publish(event(0), 0);
    fetch(partition, "a", 0);
    partition.publish(event(1, 15_999), 15_999);
    expect(partition.numbers.groups).toHaveLength(1);
    partition.publish(event(2, 16_000), 16_000);
    expect(partition.numbers.groups).toEqual([]);
  });

  it("is not one of actors", () => {
    const partition = setUp();
    join(partition, "p", { type: "T", from: "latest", now: 0 });
    expect(() => fetch(partition, "a", 0)).toThrow(/BAD_CONFIG.*is one of actors/);
  });
});
