import { describe, expect, it } from "vitest";
import { type ProgramValues, programValues } from "./program-values.ts";

const wrong = (values: unknown) => () => programValues(values as ProgramValues, "startSilo");

describe("programValues", () => {
  it("gives filters and limits as they are", () => {
    const values: ProgramValues = {
      filters: { incoming: [async (_, next) => await next()] },
      waitingBytes: { silo: 1_000_000 },
    };
    expect(programValues(values, "startSilo")).toEqual(values);
    expect(programValues({}, "connect")).toEqual({});
  });

  it("says what is wrong with a filter or a limit", () => {
    expect(wrong({ filters: { incoming: () => 1 } })).toThrow(/filters\.incoming .* array/);
    expect(wrong({ filters: { outgoing: [1] } })).toThrow(/filters\.outgoing .* functions/);
    expect(wrong({ filters: { incomming: [] } })).toThrow(/has no incomming; there are incoming/);
    expect(wrong({ filters: 5 })).toThrow(/give an object/);
    expect(wrong({ extensions: [() => 1] })).toThrow(/extensions \(startSilo\): give an array/);
    expect(wrong({ signals: "yes" })).toThrow('signals (startSilo) "yes": give true or false');
    expect(wrong({ waitingBytes: { silo: 0 } })).toThrow(/waitingBytes\.silo .* above 0/);
    expect(wrong({ waitingBytes: { actor: 5 } })).toThrow(/there are mailbox, link, silo/);
  });
});
