import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { LocalCluster } from "./local-cluster.ts";
import { formatCount, Progress } from "./progress.ts";
import { type AccountFile, readAccounts } from "./read-accounts.ts";
import { HELP, readOptions, type TourOptions } from "./tour-options.ts";
import { Tour } from "./tour.ts";

/** The tour is given up after this long. */
const TOUR_MAX_MS = 55_000;

const BAD_LINES_SHOWN = 20;

const progress = new Progress(process.stdout);

async function main(): Promise<number> {
  const read = readOptions(process.argv.slice(2));
  switch (read.kind) {
    case "help":
      progress.line(HELP);
      return 0;
    case "wrong":
      process.stderr.write(`${read.reason}\n(npm start -- --help shows what can be said)\n`);
      return 2;
    case "options":
      return start(read.options);
  }
}

async function start(options: TourOptions): Promise<number> {
  const file = readFile(options.input);
  if (typeof file === "string") {
    process.stderr.write(`${options.input}: ${file}\n`);
    return 2;
  }
  progress.line(`${options.input} has ${formatCount(file.accounts.length)} accounts`);
  for (const { line, reason } of file.badLines.slice(0, BAD_LINES_SHOWN))
    progress.line(`  line ${line} is skipped: ${reason}`);
  const more = file.badLines.length - BAD_LINES_SHOWN;
  if (more > 0) progress.line(`  ${formatCount(more)} more lines are skipped`);
  const accounts = file.accounts.slice(0, options.accounts);
  if (accounts.length < file.accounts.length)
    progress.line(`  taking the first ${formatCount(accounts.length)} (--accounts)`);
  return runTour(options, accounts);
}

/** The accounts of the file, or why it has none to use. */
function readFile(path: string): AccountFile | string {
  try {
    const file = readAccounts(readFileSync(path, "utf8"));
    return file.accounts.length >= 2
      ? file
      : `has ${file.accounts.length} good lines; transfers need two accounts at least`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function runTour(options: TourOptions, accounts: AccountFile["accounts"]): Promise<number> {
  // A name of its own for each tour: where the members and accounts are may be shared with other
  // clusters.
  const cluster = `bank-${randomBytes(4).toString("hex")}`;
  const { membership, storage } = options;
  const silos = new LocalCluster({
    cluster,
    ...(membership === undefined ? {} : { membership }),
    ...(storage === undefined ? {} : { storage }),
  });
  const interrupted = interruption(() => silos.end());
  const overdue = AbortSignal.timeout(TOUR_MAX_MS);
  const signal = AbortSignal.any([interrupted, overdue]);
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("the tour was given up")));
  });
  try {
    const isSound = await Promise.race([
      new Tour({ options, accounts, silos, progress, signal }).run(),
      aborted,
    ]);
    if (storage !== undefined)
      progress.line(`  the accounts stay in ${storage}, as those of the cluster ${cluster}`);
    progress.line(
      `\n${isSound ? "all is well" : "something is wrong"}, after ${process.uptime().toFixed(1)} s`,
    );
    return isSound ? 0 : 1;
  } catch (error) {
    if (interrupted.aborted) return 130;
    const why = overdue.aborted
      ? `not done within ${TOUR_MAX_MS / 1_000} s`
      : error instanceof Error
        ? error.message
        : String(error);
    progress.line(`\nthe tour failed: ${why}`);
    return 1;
  } finally {
    if (options.isVerbose)
      for (const { name, output } of silos.silos) progress.line(`\n${name} has logged:\n${output}`);
    await silos.stop();
  }
}

/** Aborted by Ctrl-C or SIGTERM; the second one ends the process at once, after `atOnce`. */
function interruption(atOnce: () => void): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) {
      atOnce();
      process.exit(130);
    }
    progress.line("interrupted; stopping the silos");
    controller.abort(new Error("interrupted"));
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return controller.signal;
}

process.exitCode = await main();
