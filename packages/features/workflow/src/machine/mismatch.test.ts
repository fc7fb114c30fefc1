import { describe, expect, it } from "vitest";
import type { Command } from "./episode.ts";
import { describeCommand, firstMismatch } from "./mismatch.ts";

const charge: Command = { kind: "run", name: "charge" };
const sleep: Command = { kind: "timer", dueAt: 0 };

describe("the comparison of a replay with its history", () => {
  it("finds nothing where only times, values and results differ", () => {
    const stored: Command[] = [charge, sleep, { kind: "complete", value: 1 }];
    const seen: Command[] = [charge, { ...sleep, dueAt: 5 }, { kind: "complete", value: 2 }];
    expect(firstMismatch(stored, seen)).toBeUndefined();
  });

  it.each([
    ["another name", [charge], [{ kind: "run", name: "refund" }]],
    ["another kind", [charge], [sleep]],
    ["another target", [{ kind: "withdraw", of: 1 }], [{ kind: "withdraw", of: 2 }]],
    ["one too few", [charge], []],
    ["one too many", [], [charge]],
  ] as [string, Command[], Command[]][])("finds %s", (_, stored, seen) => {
    expect(firstMismatch(stored, seen)).toEqual({
      position: 1,
      stored: stored[0],
      seen: seen[0],
    });
  });

  it("names commands as their authors know them", () => {
    expect([charge, sleep, undefined].map((command) => describeCommand(command))).toEqual([
      'run "charge"',
      "sleep until 1970-01-01T00:00:00.000Z",
      "nothing",
    ]);
  });
});
