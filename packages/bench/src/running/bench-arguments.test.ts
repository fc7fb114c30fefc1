import { describe, expect, it } from "vitest";
import { readArguments } from "./bench-arguments.ts";

const KNOWN = [
  { name: "call-local" },
  { name: "memory" },
  { name: "soak", isOnlyByName: true },
] as const;
const DEFAULTS = {
  rounds: 3,
  quick: false,
  storage: "redis",
  profile: undefined,
  hang: false,
  minutes: 3,
};

describe("readArguments", () => {
  it("runs every usual bench without a name, and with the name all", () => {
    const everything = {
      kind: "run",
      names: ["call-local", "memory"],
      json: false,
      options: DEFAULTS,
    };
    expect(readArguments([], KNOWN)).toEqual(everything);
    expect(readArguments(["all"], KNOWN)).toEqual(everything);
  });

  it("runs the named ones, as it is told", () => {
    expect(readArguments(["memory", "--json", "--rounds", "5", "--storage=file"], KNOWN)).toEqual({
      kind: "run",
      names: ["memory"],
      json: true,
      options: { ...DEFAULTS, rounds: 5, storage: "file" },
    });
  });

  it("runs what takes long only when it is named, and as long as it is told", () => {
    const asked = readArguments(["soak", "--minutes", "1.5"], KNOWN);
    expect(asked).toMatchObject({ kind: "run", names: ["soak"], options: { minutes: 1.5 } });
  });

  it("does one round when it is quick, unless it is told how many", () => {
    expect(readArguments(["--quick"], KNOWN)).toMatchObject({
      options: { quick: true, rounds: 1 },
    });
    expect(readArguments(["--quick", "--rounds=2"], KNOWN)).toMatchObject({
      options: { quick: true, rounds: 2 },
    });
  });

  it.each([
    [["call-locl"], "call-locl"],
    [["--rounds", "0"], "--rounds"],
    [["--rounds", "many"], "--rounds"],
    [["--storage", "disk"], "--storage"],
    [["--minutes", "0"], "--minutes"],
    [["--minutes", "many"], "--minutes"],
    [["--fast"], "--fast"],
  ])("says what is wrong with %j", (argv, named) => {
    expect(readArguments(argv, KNOWN)).toMatchObject({
      kind: "wrong",
      message: expect.stringContaining(named),
    });
  });
});
