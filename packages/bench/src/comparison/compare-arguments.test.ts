import { describe, expect, it } from "vitest";
import { readComparison } from "./compare-arguments.ts";
import { PEERS } from "./peer-package.ts";
import { WORKS } from "./work.ts";

const EVERYTHING = {
  peers: PEERS,
  works: WORKS.map(({ name }) => name),
  rounds: 3,
  quick: false,
  json: false,
};

describe("readComparison", () => {
  it("compares all peers at all kinds of work without an option", () => {
    expect(readComparison([])).toEqual({ kind: "compare", options: EVERYTHING });
  });

  it("takes the peers and works that are listed, in the order of the table", () => {
    expect(
      readComparison(["--peers", "comedy,workerd", "--works=turn-hot, call-remote", "--json"]),
    ).toEqual({
      kind: "compare",
      options: {
        ...EVERYTHING,
        peers: ["workerd", "comedy"],
        works: ["call-remote", "turn-hot"],
        json: true,
      },
    });
  });

  it("does one round when it is quick, unless it is told how many", () => {
    expect(readComparison(["--quick"])).toMatchObject({ options: { quick: true, rounds: 1 } });
    expect(readComparison(["--quick", "--rounds", "2"])).toMatchObject({
      options: { quick: true, rounds: 2 },
    });
  });

  it("explains itself when it is asked to, whatever else is said", () => {
    expect(readComparison(["--peers", "nobody", "--help"])).toEqual({ kind: "help" });
  });

  it.each([
    [["--peers", "workerd,akka"], "akka"],
    [["--peers", ""], "--peers"],
    [["--works", "nap"], "nap"],
    [["--rounds", "0"], "--rounds"],
    [["--fast"], "--fast"],
    [["workerd"], "workerd"],
  ])("says what is wrong with %j", (argv, named) => {
    expect(readComparison(argv)).toMatchObject({
      kind: "wrong",
      message: expect.stringContaining(named),
    });
  });

  it("lists the peers that there are when it is given another one", () => {
    expect(readComparison(["--peers", "akka"])).toMatchObject({
      message: expect.stringContaining(PEERS.join(",")),
    });
  });
});
