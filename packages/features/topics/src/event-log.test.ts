import type { FieldChange } from "@troupe/core";
import { packField } from "@troupe/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventLog } from "./event-log.ts";
import type { StoredEvent } from "./topic-event.ts";

function event(id: number, bytes = 1): StoredEvent {
  const data = new Uint8Array(bytes);
  return { id: String(id), source: "/test", type: "t", at: id, data };
}

const seqs = (found: readonly { seq: number }[]): number[] => found.map(({ seq }) => seq);

/** What a store does with the changes of a commit. */
function store(fields: Map<string, Uint8Array>, changes: readonly FieldChange[]): void {
  for (const { field, upTo, after } of changes) {
    if (upTo !== undefined) removeRange(fields, field, upTo);
    else if (after === undefined) fields.delete(field);
    else fields.set(field, packField(after));
  }
}

function removeRange(fields: Map<string, Uint8Array>, from: string, to: string): void {
  for (const name of [...fields.keys()].filter((one) => one >= from && one < to))
    fields.delete(name);
}

const action = fc.oneof(
  fc.record({ kind: fc.constant("append" as const), bytes: fc.nat(50) }),
  fc.record({
    kind: fc.constant("trim" as const),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.constant({ kind: "adopt" as const }),
  fc.constant({ kind: "rollback" as const }),
  fc.constant({ kind: "reload" as const }),
);

interface Model {
  readonly first: number;
  readonly events: readonly StoredEvent[];
}

describe("the log of a partition", () => {
  it("has what was stored and what the turn has made of it, whatever happens", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const fields = new Map<string, Uint8Array>();
        const dirty = { isDirty: false };
        let log = new EventLog("e:", dirty);
        let stored: Model = { first: 0, events: [] };
        let now: Model = stored;
        let id = 0;
        for (const one of actions) {
          switch (one.kind) {
            case "append": {
              const added = event(id++, one.bytes);
              expect(log.append(added)).toBe(now.events.length);
              now = { ...now, events: [...now.events, added] };
              break;
            }
            case "trim": {
              const upTo = now.first + Math.floor((now.events.length - now.first) * one.share);
              log.trim(({ seq }) => seq < upTo);
              now = { ...now, first: Math.max(0, Math.min(upTo, now.events.length - 1)) };
              break;
            }
            case "adopt":
              store(fields, log.collect());
              log.adopt();
              stored = now;
              break;
            case "rollback":
              log.rollback();
              now = stored;
              break;
            case "reload":
              log = new EventLog("e:", dirty);
              log.load(fields);
              now = stored;
              break;
          }
          const kept = now.events.slice(now.first);
          expect([log.first, log.next]).toEqual([now.first, now.events.length]);
          const read = log.read(0, 1_000, 1e9);
          expect(read.map((entry) => entry.event)).toEqual(kept);
          expect(log.bytes).toBe(read.reduce((sum, { size }) => sum + size, 0));
          for (const [index, each] of kept.entries())
            expect(log.numberOf(each)).toBe(now.first + index);
        }
      }),
    );
  });

  it("knows an event that it has, and none that is gone", () => {
    const log = new EventLog("e:", { isDirty: false });
    for (let id = 0; id < 1_000; id++) log.append(event(id));
    log.trim(({ seq }) => seq < 600);
    expect(log.numberOf(event(599))).toBeUndefined();
    expect(log.numberOf(event(600))).toBe(600);
    log.adopt();
    expect([log.numberOf(event(599)), log.numberOf(event(999))]).toEqual([undefined, 999]);
    expect(log.find(600)?.event.id).toBe("600");
  });

  it("reads as much as is asked for, but one event in any case", () => {
    const log = new EventLog("e:", { isDirty: false });
    for (let id = 0; id < 10; id++) log.append(event(id, 1_000));
    expect(seqs(log.read(3, 2, 1e9))).toEqual([3, 4]);
    expect(seqs(log.read(3, 100, 2_500))).toEqual([3, 4]);
    expect(seqs(log.read(3, 100, 1))).toEqual([3]);
    expect(log.read(10, 5, 1e9)).toEqual([]);
  });
});
