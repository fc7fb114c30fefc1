import { type DurablePart, partKey, type PartState } from "@troupe/sdk";
import { describe, expect, it } from "vitest";
import { PartRegistry } from "./part-registry.ts";

function part(name: string, more: Partial<DurablePart> = {}): DurablePart {
  return {
    key: partKey<PartState>(name),
    prefixes: [`${name.slice(0, 1)}:`],
    create: () => ({ load() {}, collect: () => [], adopt() {}, rollback() {} }),
    ...more,
  };
}

const look = (): undefined => undefined;

describe("the durable parts of a silo", () => {
  it("are found by name, prefix and system turn, with what an operator may run", () => {
    const registry = new PartRegistry([
      part("notes", { turns: { $note: look, $notes: look }, operatorTurns: { $notes: "looks" } }),
      part("marks", { turns: { $mark: look }, operatorTurns: { $mark: "changes" } }),
    ]);
    expect(registry.indexOf("marks")).toBe(1);
    expect(registry.partOf("n:first")?.key.name).toBe("notes");
    expect(registry.partOf("z:first")).toBeUndefined();
    expect(registry.turn("$note")).toBe(look);
    expect([...registry.operatorTurns]).toEqual([
      ["$notes", "looks"],
      ["$mark", "changes"],
    ]);
  });

  it.each<[string, DurablePart[]]>([
    ["there is another part notes", [part("notes"), part("notes", { prefixes: ["m:"] })]],
    ["n: is the prefix of notes", [part("notes"), part("nuts")]],
    ["the prefix notes: is no letter and a colon", [part("notes", { prefixes: ["notes:"] })]],
    ["the system turn note does not begin with $", [part("notes", { turns: { note: look } })]],
    [
      "the system turn $x is there already",
      [part("notes", { turns: { $x: look } }), part("marks", { turns: { $x: look } })],
    ],
    ["it has no system turn $other", [part("notes", { operatorTurns: { $other: "looks" } })]],
  ])("are refused if %s", (problem, parts) => {
    expect(() => new PartRegistry(parts)).toThrow(problem);
  });
});
