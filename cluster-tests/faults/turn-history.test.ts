import { describe, expect, it } from "vitest";
import { turnsAtOnce } from "./turn-history.ts";

const NOBODY: ReadonlySet<number> = new Set();

function journal(...lines: readonly string[]): readonly (readonly string[])[] {
  return lines.map((line) => line.split(" "));
}

describe("turnsAtOnce", () => {
  it("finds nothing wrong with an actor that moves from one process to another and back", () => {
    const lines = journal(
      "1 record a 1 1",
      "1 end a 1 1",
      "2 record a 2 2",
      "2 end a 2 2",
      "1 record a 3 3",
      "1 end a 3 3",
    );
    expect(turnsAtOnce(lines, NOBODY)).toEqual([]);
  });

  it("finds nothing wrong with two actors at once", () => {
    expect(
      turnsAtOnce(
        journal("1 record a 1 1", "2 record b 2 1", "1 end a 1 1", "2 end b 2 1"),
        NOBODY,
      ),
    ).toEqual([]);
  });

  it("finds a turn that begins while another process runs one", () => {
    const lines = journal("1 record a 1 1", "2 record a 2 2", "1 end a 1 1", "2 end a 2 2");
    expect(turnsAtOnce(lines, NOBODY)).toEqual([
      "a: record 2 in process 2 began while record 1 ran in process 1",
    ]);
  });

  it("excepts a turn that was under way when its process was stalled, and nothing that begins there later", () => {
    const stalled = new Set([1]);
    const lines = ["1 record a 1 1", "2 record a 2 2", "2 end a 2 2", "1 end a 1 1"];
    expect(turnsAtOnce(journal(...lines), stalled)).toEqual([]);
    expect(turnsAtOnce(journal(...lines, "1 record a 3 1", "1 end a 3 1"), stalled)).toEqual([
      "a: record 3 in process 1 began under token 1, after one of process 2 had begun under 2",
    ]);
  });

  it("finds a turn by a timer in a process that nobody calls any more", () => {
    const lines = journal(
      "1 pulse a 1 1",
      "1 end a 1 1",
      "2 record a 1 2",
      "2 end a 1 2",
      "1 pulse a 2 1",
      "1 end a 2 1",
    );
    expect(turnsAtOnce(lines, NOBODY)).toEqual([
      "a: pulse 2 in process 1 began under token 1, after one of process 2 had begun under 2",
    ]);
  });

  it("finds two processes under one token", () => {
    const lines = journal("1 record a 1 1", "1 end a 1 1", "2 record a 2 1", "2 end a 2 1");
    expect(turnsAtOnce(lines, NOBODY)).toEqual([
      "a: record 2 in process 2 began under the token 1 of process 1",
    ]);
  });
});
