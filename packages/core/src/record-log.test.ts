import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RecordLog } from "./record-log.ts";
import { packField } from "./record-table.ts";

/** A log over the fields that a store has of it. */
class Desk {
  readonly fields: Map<string, Uint8Array>;
  readonly dirty = { isDirty: false };
  readonly log = new RecordLog<unknown>("h:", this.dirty);
  readonly loaded: [number, unknown][] = [];

  constructor(fields: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.fields = new Map(fields);
    this.log.load(this.fields, (record, number) => this.loaded.push([number, record]));
  }

  commit(): void {
    for (const { field, upTo, after } of this.log.collect()) {
      if (after !== undefined) this.fields.set(field, packField(after));
      if (upTo === undefined) continue;
      for (const name of this.fields.keys()) {
        if (name >= field && name < upTo) this.fields.delete(name);
      }
    }
    this.log.adopt();
  }
}

describe("a log of records", () => {
  it("shows what was stored in order, whatever order the store has", () => {
    const desk = new Desk();
    for (let number = 0; number < 12; number++) desk.log.append({ number });
    desk.commit();
    const again = new Desk(new Map([...desk.fields].toReversed()));
    expect(again.loaded).toEqual(Array.from({ length: 12 }, (_, number) => [number, { number }]));
    expect(again.log.next).toBe(12);
  });

  it("stores a record as it was when it was appended", () => {
    const desk = new Desk();
    const record = { steps: [1] };
    desk.log.append(record);
    record.steps.push(2);
    desk.commit();
    expect(new Desk(desk.fields).loaded).toEqual([[0, { steps: [1] }]]);
  });

  it("goes on with its numbers after all records were removed, as long as one is left to tell", () => {
    const desk = new Desk();
    for (const record of ["a", "b", "c"]) desk.log.append(record);
    desk.commit();
    desk.log.removeBefore(2);
    desk.commit();
    const again = new Desk(desk.fields);
    expect(again.loaded).toEqual([[2, "c"]]);
    expect(again.log.append("d")).toBe(3);
  });

  it("is what an array would be, whatever turns do", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("append" as const), value: fc.integer() }),
      fc.record({ kind: fc.constant("remove" as const), count: fc.nat(4) }),
    );
    const turn = fc.record({ steps: fc.array(step, { maxLength: 5 }), commits: fc.boolean() });
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 12 }), (turns) => {
        const desk = new Desk();
        let stored: [number, unknown][] = [];
        for (const { steps, commits } of turns) {
          let records = [...stored];
          for (const one of steps) {
            if (one.kind === "append") {
              records.push([desk.log.append(one.value), one.value]);
            } else {
              desk.log.removeBefore(desk.log.first + one.count);
              records = records.slice(one.count);
            }
          }
          expect(desk.log.size).toBe(records.length);
          if (commits) desk.commit();
          else desk.log.rollback();
          if (commits) stored = records;
          expect(desk.log.size).toBe(stored.length);
        }
        expect(new Desk(desk.fields).loaded).toEqual(stored);
      }),
      { seed: 20_261_126, numRuns: 300 },
    );
  });
});
