import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export interface TourOptions {
  /** Path of the CSV file with the accounts. */
  readonly input: string;
  readonly membership: string | undefined;
  readonly storage: string | undefined;
  readonly silos: number;
  readonly accounts: number;
  readonly transfers: number;
  readonly isVerbose: boolean;
}

export type ReadOptions =
  | { readonly kind: "options"; readonly options: TourOptions }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly reason: string };

export const HELP = `npm start -- [options]

Runs a bank on a cluster of Troupe: starts silo processes, opens accounts from a CSV file, makes random transfers
between them from outside, kills a silo in the middle, starts a new one, and counts the money. Takes less than a minute,
and leaves nothing behind on this machine.

  --input <file>       CSV file that names the columns account, holder, balance in its first line
                       (default: the thousand largest cities, see examples/bank/data)
  --membership <url>   where the silos find each other: etcd://host:2379 or file:./folder
                       (default: a temporary folder)
  --storage <url>      where the accounts are kept: redis://host:6379 or file:./folder
                       (default: a temporary folder)
  --silos <n>          silo processes, 2 to 9 (default: 3)
  --accounts <n>       accounts to open at most, 2 to 10000 (default: 1000)
  --transfers <n>      transfers to make at most, 1 to 100000 (default: 5000)
  --verbose            show what the silos have logged
  --help               show this

Exit codes: 0 the money is conserved and no acknowledged transfer was lost, 1 something failed, 2 an option is wrong,
130 interrupted.`;

const SAMPLE = fileURLToPath(new URL("../data/accounts.csv", import.meta.url));

/** npm runs its scripts in the folder of the package; paths are meant from where the user is. */
function userPath(path: string): string {
  return resolve(process.env["INIT_CWD"] ?? process.cwd(), path);
}

function userUrl(url: string | undefined): string | undefined {
  return url?.startsWith("file:") === true ? `file:${userPath(url.slice("file:".length))}` : url;
}

export function readOptions(args: readonly string[]): ReadOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        input: { type: "string" },
        membership: { type: "string" },
        storage: { type: "string" },
        silos: { type: "string", default: "3" },
        accounts: { type: "string", default: "1000" },
        transfers: { type: "string", default: "5000" },
        verbose: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return { kind: "help" };
    const options = {
      input: values.input === undefined ? SAMPLE : userPath(values.input),
      membership: userUrl(values.membership),
      storage: userUrl(values.storage),
      silos: readCount("--silos", values.silos, 2, 9),
      accounts: readCount("--accounts", values.accounts, 2, 10_000),
      transfers: readCount("--transfers", values.transfers, 1, 100_000),
      isVerbose: values.verbose,
    };
    return { kind: "options", options };
  } catch (error) {
    return { kind: "wrong", reason: error instanceof Error ? error.message : String(error) };
  }
}

function readCount(option: string, text: string, min: number, max: number): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= min && count <= max) return count;
  throw new RangeError(
    `${option} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`,
  );
}
