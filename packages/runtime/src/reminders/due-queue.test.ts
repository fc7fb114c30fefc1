import type { DueEntry } from "@troupe/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DueQueue, entryKey } from "./due-queue.ts";

const entries: fc.Arbitrary<DueEntry> = fc.record({
  bucket: fc.constant(1),
  address: fc.record({ type: fc.constantFrom("A", "B"), id: fc.constantFrom("1", "2") }),
  name: fc.constantFrom("x", "y"),
  dueAt: fc.integer({ min: 0, max: 20 }),
  tag: fc.constantFrom("", "1.1"),
});

describe("a due queue", () => {
  it("gives entries by time, each once, whatever is pushed and popped in between", () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: entries },
        { weight: 2, arbitrary: fc.constant("pop" as const) },
      ),
      {
        maxLength: 100,
      },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const queue = new DueQueue();
        const model = new Map<string, DueEntry>();
        for (const step of all) {
          if (step === "pop") {
            const popped = queue.pop();
            const soonest = Math.min(...[...model.values()].map(({ dueAt }) => dueAt));
            if (popped === undefined) expect(model.size).toBe(0);
            else {
              expect(popped.dueAt).toBe(soonest);
              expect(model.delete(entryKey(popped))).toBe(true);
            }
          } else {
            expect(queue.push(step)).toBe(!model.has(entryKey(step)));
            model.set(entryKey(step), step);
          }
          expect(queue.size).toBe(model.size);
          expect(queue.peek()?.dueAt ?? Number.POSITIVE_INFINITY).toBe(
            Math.min(...[...model.values()].map(({ dueAt }) => dueAt)),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it("takes an entry again once it was given, and everything once it was cleared", () => {
    const queue = new DueQueue();
    const entry: DueEntry = {
      bucket: 1,
      address: { type: "A", id: "1" },
      name: "x",
      dueAt: 5,
      tag: "",
    };
    queue.push(entry);
    expect(queue.pop()).toEqual(entry);
    expect(queue.push(entry)).toBe(true);
    queue.clear();
    expect(queue.pop()).toBeUndefined();
    expect(queue.push(entry)).toBe(true);
  });

  it("tells entries apart by time, name and actor", () => {
    const entry: DueEntry = {
      bucket: 1,
      address: { type: "A", id: "1" },
      name: "x",
      dueAt: 5,
      tag: "",
    };
    const others = [
      { ...entry, dueAt: 6 },
      { ...entry, name: "y" },
      { ...entry, address: { type: "A", id: "2" } },
      { ...entry, address: { type: "B", id: "1" } },
    ];
    expect(new Set([entry, ...others].map(entryKey)).size).toBe(5);
  });
});
