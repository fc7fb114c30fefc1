import { cpus, loadavg } from "node:os";
import { messageOf } from "@troupe/core";
import type { BenchResult } from "../bench.ts";
import { BENCHES } from "../benches/catalog.ts";
import { runComparison } from "../comparison/run-comparison.ts";
import { summariseProfiles } from "../profiles/summarise-profiles.ts";
import { readArguments } from "./bench-arguments.ts";
import { type BenchOutput, STANDARD_OUTPUT } from "./bench-output.ts";
import { resultTable } from "./result-table.ts";
import { runOne } from "./run-one.ts";

/** Not a bench, since it has no target: Troupe beside peers. */
const COMPARE = "compare";

const HELP = `Usage: troupe bench [name…] [options]

${BENCHES.map(({ name, what, isOnlyByName }) => `  ${name.padEnd(16)} ${what}${isOnlyByName ? " (only when it is named)" : ""}`).join("\n")}
  ${COMPARE.padEnd(16)} Troupe beside peers that npm can install, with options of its own (add --help; only when it is named)

  --json              print only JSON, one line for each bench
  --rounds <n>        rounds of ours and the baseline in turn (default: 3)
  --quick             a smoke run of one short round; its figures mean nothing
  --storage <kind>    redis (default), postgres, or file, the embedded default
  --hang              failover: stop the silo instead of killing it
  --minutes <n>       soak: how long it lasts (default: 3)
  --profile <folder>  leave a CPU profile of every process there, and say where the time went

The last line is the result as JSON. Exit codes: 0 all ran, 1 one did not, 2 the command is wrong. A target that is not reached is
a result and no failure.`;

/** The bench command, after its name. Resolves with the exit code. */
export async function runBench(
  argv: readonly string[],
  output: BenchOutput = STANDARD_OUTPUT,
): Promise<number> {
  const [first, ...rest] = argv;
  if (first === COMPARE) return runComparison(rest, output);
  const asked = readArguments(argv, BENCHES);
  if (asked.kind === "wrong") {
    output.error(`${asked.message}\n(add --help for what can be said)`);
    return 2;
  }
  if (asked.kind === "help") {
    output.out(HELP);
    return 0;
  }
  const { names, json, options } = asked;
  const results: BenchResult[] = [];
  let failures = 0;
  for (const bench of BENCHES.filter(({ name }) => names.includes(name))) {
    output.error(`${bench.name}: ${bench.what}`);
    try {
      const result = await runOne(bench, options, (line) => output.error(`  ${line}`));
      results.push(result);
      if (json) output.out(JSON.stringify(result));
    } catch (error) {
      failures++;
      output.error(`${bench.name} failed: ${messageOf(error)}`);
    }
  }
  if (options.profile !== undefined) output.error(await summariseProfiles(options.profile));
  if (!json && results.length > 0) output.out(resultTable(results));
  const last = lastLine(results, failures);
  if (names.length > 1 || (!json && results.length > 0)) output.out(JSON.stringify(last));
  return failures === 0 ? 0 : 1;
}

/** The one result, or all of them under one name. */
function lastLine(results: readonly BenchResult[], failures: number): object {
  const [first] = results;
  if (first !== undefined && results.length === 1 && failures === 0) return first;
  const machine = { node: process.version, cpus: cpus().length, load: loadavg() };
  return {
    name: "all",
    ok: failures === 0 && results.every(({ ok }) => ok),
    machine,
    failures,
    results,
  };
}
