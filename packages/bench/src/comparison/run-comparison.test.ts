import { describe, expect, it } from "vitest";
import { runBench } from "../running/run-bench.ts";
import { PEERS } from "./peer-package.ts";
import { WORKS } from "./work.ts";

async function run(...argv: string[]) {
  const lines: string[] = [];
  const errors: string[] = [];
  const code = await runBench(["compare", ...argv], {
    out: (text) => lines.push(text),
    error: (text) => errors.push(text),
  });
  return { code, out: lines.join("\n"), errors: errors.join("\n") };
}

// Nothing is installed in a test, so this goes no further than what the command says before it
// starts.
describe("bench compare", () => {
  it("explains its peers, kinds of work and options", async () => {
    const { code, out, errors } = await run("--help");
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    for (const { name } of WORKS) expect(out).toContain(name);
    for (const word of [...PEERS, "--peers", "--quick", "--json", "Exit codes"])
      expect(out).toContain(word);
  });

  it("names the peers that there are when it is asked for another one, and starts nothing", async () => {
    const { code, out, errors } = await run("--peers", "orleans");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(errors).toContain("orleans");
    expect(errors).toContain(PEERS.join(","));
  });

  it("is named in the help of the benches, and is not one of them", async () => {
    const lines: string[] = [];
    const output = {
      out: (text: string) => lines.push(text),
      error: (text: string) => lines.push(text),
    };
    expect(await runBench(["--help"], output)).toBe(0);
    expect(lines.join("\n")).toContain("compare");
    expect(await runBench(["memory", "compare"], output)).toBe(2);
  });
});
