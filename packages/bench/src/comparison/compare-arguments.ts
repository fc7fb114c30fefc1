import { parseArgs } from "node:util";
import { PEERS, type PeerName } from "./peer-package.ts";
import { WORKS, type WorkName } from "./work.ts";

export interface ComparisonOptions {
  readonly peers: readonly PeerName[];
  readonly works: readonly WorkName[];
  readonly rounds: number;
  /** A smoke run: it shows that the contestants work, and its figures mean nothing. */
  readonly quick: boolean;
  readonly json: boolean;
}

/** What the command line asks for, or what is wrong with it. */
export type AskedComparison =
  | { readonly kind: "compare"; readonly options: ComparisonOptions }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

const ROUNDS = 3;
const ROUNDS_MAX = 20;

const WORK_NAMES = WORKS.map(({ name }) => name);

/** Reads `[--peers a,b] [--works a,b] [--rounds n] [--quick] [--json]`. */
export function readComparison(argv: readonly string[]): AskedComparison {
  const parsed = parse(argv);
  if (parsed instanceof Error) return { kind: "wrong", message: parsed.message };
  if (parsed.help === true) return { kind: "help" };
  const peers = chosen("--peers", parsed.peers, PEERS);
  if (peers.kind === "wrong") return peers;
  const works = chosen("--works", parsed.works, WORK_NAMES);
  if (works.kind === "wrong") return works;
  const quick = parsed.quick === true;
  const rounds = parsed.rounds === undefined ? (quick ? 1 : ROUNDS) : Number(parsed.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS_MAX) {
    return {
      kind: "wrong",
      message: `--rounds is ${parsed.rounds}; give a whole number from 1 to ${ROUNDS_MAX}`,
    };
  }
  const options = {
    peers: peers.names,
    works: works.names,
    rounds,
    quick,
    json: parsed.json === true,
  };
  return { kind: "compare", options };
}

/** Those of the known names that are listed, in their own order; all of them if nothing is said. */
function chosen<Name extends string>(
  option: string,
  listed: string | undefined,
  known: readonly Name[],
):
  | { readonly kind: "chosen"; readonly names: readonly Name[] }
  | { readonly kind: "wrong"; readonly message: string } {
  if (listed === undefined) return { kind: "chosen", names: known };
  const wanted = listed.split(",").map((name) => name.trim());
  const unknown = wanted.find((name) => !known.some((candidate) => candidate === name));
  if (unknown !== undefined) {
    return {
      kind: "wrong",
      message: `${option} names ${JSON.stringify(unknown)}; give some of ${known.join(",")}`,
    };
  }
  return { kind: "chosen", names: known.filter((name) => wanted.includes(name)) };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        peers: { type: "string" },
        works: { type: "string" },
        rounds: { type: "string" },
        quick: { type: "boolean" },
        json: { type: "boolean" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}
