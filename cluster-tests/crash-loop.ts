import { parseArgs } from "node:util";
import {
  CRASH_LOOP_STORES,
  type CrashLoopOptions,
  runCrashLoop,
} from "./crash-loop/run-crash-loop.ts";

const USAGE = "npm run crashloop -- [--store embedded|redis|postgres] [--kills 200] [--seed 1]";

/** What the command line asks for, or undefined if it asks for nothing that there is. */
function optionsOf(args: readonly string[]): Omit<CrashLoopOptions, "report"> | undefined {
  const { values } = parseArgs({
    args: [...args],
    // What is not known is answered with the usage, and not with a stack.
    strict: false,
    options: {
      help: { type: "boolean", default: false },
      store: { type: "string", default: "embedded" },
      kills: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
    },
  });
  const { help, kills, seed } = values;
  const known = new Set(["help", "store", "kills", "seed"]);
  if (help === true || Object.keys(values).some((name) => !known.has(name))) return undefined;
  const store = CRASH_LOOP_STORES.find((one) => one === values.store);
  if (store === undefined) return undefined;
  if (
    typeof kills !== "string" ||
    !/^\d+$/.test(kills) ||
    typeof seed !== "string" ||
    !/^\d+$/.test(seed)
  )
    return undefined;
  return { store, kills: Number(kills), seed: Number(seed) };
}

const options = optionsOf(process.argv.slice(2));
if (options === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  const { problems, summary } = await runCrashLoop({
    ...options,
    report: (line) => console.log(line),
  });
  for (const problem of problems.slice(0, 50)) console.error(`PROBLEM: ${problem}`);
  console.log(
    `${problems.length === 0 ? "OK" : `FAILED with ${problems.length} problems`} on ${summary}`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}
