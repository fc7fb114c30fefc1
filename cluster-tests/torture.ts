import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { systemClock } from "@troupe/core";
import { prepareFaultTools, wantsNamespaces, whyNoNamespaces } from "@troupe/services";
import { FAULTS } from "./faults/catalog.ts";
import { faultTable, problemsOf } from "./faults/fault-table.ts";
import { runTorture, type TortureOptions } from "./faults/run-torture.ts";

const USAGE =
  "npm run torture -- [--minutes 10] [--seed 1] [--lease 5s] [--only <words of a fault's name>]";

/** What the command line asks for, or undefined if it asks for nothing that there is. */
function optionsOf(args: readonly string[]): Omit<TortureOptions, "report"> | undefined {
  const { values } = parseArgs({
    args: [...args],
    // What is not known is answered with the usage, and not with a stack.
    strict: false,
    options: {
      help: { type: "boolean", default: false },
      minutes: { type: "string", default: "10" },
      seed: { type: "string", default: "1" },
      lease: { type: "string", default: "5s" },
      only: { type: "string", default: "" },
    },
  });
  const { help, minutes, seed, lease, only } = values;
  const known = new Set(["help", "minutes", "seed", "lease", "only"]);
  if (help === true || Object.keys(values).some((name) => !known.has(name))) return undefined;
  if (
    typeof minutes !== "string" ||
    typeof seed !== "string" ||
    typeof lease !== "string" ||
    typeof only !== "string"
  )
    return undefined;
  const faults = FAULTS.filter(
    ({ name, needs }) => name.includes(only) && (needs !== "namespaces" || wantsNamespaces()),
  );
  if (!/^\d+(\.\d+)?$/.test(minutes) || !/^\d+$/.test(seed) || !/^\d+(\.\d+)?s$/.test(lease))
    return undefined;
  return faults.length === 0
    ? undefined
    : { minutes: Number(minutes), seed: Number(seed), leaseTtl: lease, faults };
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  await prepareFaultTools();
  const reason = options.faults.some(({ needs }) => needs === "namespaces")
    ? whyNoNamespaces()
    : undefined;
  if (reason !== undefined) {
    console.error(reason);
    return 2;
  }
  const began = systemClock.monotonic();
  const at = new Date(systemClock.now()).toISOString();
  const results = await runTorture({
    ...options,
    report: (line) =>
      console.log(
        `${String(Math.round((systemClock.monotonic() - began) / 1_000)).padStart(5)} s  ${line}`,
      ),
  });
  const [cpu] = cpus();
  console.log(
    `\n${results.length} trials, seed ${options.seed}, lease ${options.leaseTtl}, ${at}, ${cpus().length} x ${cpu?.model}\n`,
  );
  console.log(
    faultTable(
      FAULTS.map(({ name }) => name),
      results,
    ),
  );
  return results.some((result) => problemsOf(result).length > 0) ? 1 : 0;
}

process.exitCode = await main();
