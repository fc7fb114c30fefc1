import { systemClock } from "@troupe/core";
import { describeResult } from "./report.ts";
import { runSeeds } from "./run-seeds.ts";
import { shrink } from "./shrink.ts";
import { readSimArguments, SIM_HELP, type SimArguments } from "./sim-arguments.ts";
import type { SimulationResult } from "./simulation.ts";
import { formatTraceLine } from "./trace.ts";

const PROGRESS_EVERY_MS = 2_000;
const MINUTE_MS = 60_000;

const given = readSimArguments(process.argv.slice(2));
if (given === "help") {
  process.stdout.write(`${SIM_HELP}\n`);
} else if ("error" in given) {
  process.stderr.write(`${given.error}\n\n${SIM_HELP}\n`);
  process.exitCode = 2;
} else {
  process.exitCode = (await run(given)) ? 0 : 1;
}

/** True if no seed failed. */
async function run(options: SimArguments): Promise<boolean> {
  const { from, seeds = Number.POSITIVE_INFINITY, profile, mutation, minutes } = options;
  const startedAt = systemClock.monotonic();
  let toldAt = startedAt;
  let done = 0;
  let virtualMs = 0;
  const failed: number[] = [];
  const progress = (): string => {
    const realMs = systemClock.monotonic() - startedAt;
    const share = (virtualMs / realMs).toFixed(0);
    return `${done} seeds, ${failed.length} failed, ${(virtualMs / 3_600_000).toFixed(2)} h simulated in ${(realMs / 1_000).toFixed(1)} s (${share} x)`;
  };
  for await (const result of runSeeds({ from, seeds, profile, mutation })) {
    done++;
    virtualMs += result.elapsedMs;
    if (result.violations.length > 0) {
      failed.push(result.script.seed);
      await tell(result, options);
      if (!options.keepGoing) break;
    } else if (options.trace && seeds === 1) {
      printTrace(result);
    }
    const now = systemClock.monotonic();
    if (now - toldAt >= PROGRESS_EVERY_MS) {
      toldAt = now;
      process.stderr.write(`${progress()}\n`);
    }
    if (minutes !== undefined && now - startedAt >= minutes * MINUTE_MS) break;
  }
  process.stdout.write(
    `${progress()}${failed.length === 0 ? "" : `; failing seeds: ${failed.join(", ")}`}\n`,
  );
  return failed.length === 0;
}

async function tell(
  result: SimulationResult,
  { trace, mutation, keepGoing }: SimArguments,
): Promise<void> {
  if (keepGoing) {
    const rules = [...new Set(result.violations.map(({ rule }) => rule))].join(", ");
    process.stdout.write(
      `seed ${result.script.seed} (${result.script.profile}) violates ${rules}: ${result.violations[0]?.text ?? ""}\n`,
    );
    return;
  }
  if (trace) printTrace(result);
  process.stdout.write(`${describeResult(result)}\nshrinking …\n`);
  const smaller = await shrink(result, mutation === undefined ? {} : { mutation });
  process.stdout.write(`${describeResult(smaller)}\n`);
}

function printTrace({ trace }: SimulationResult): void {
  for (const line of trace.lines) process.stdout.write(`${formatTraceLine(line)}\n`);
  process.stdout.write(`digest ${trace.digest()}\n`);
}
