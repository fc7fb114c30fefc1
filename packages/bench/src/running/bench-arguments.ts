import { parseArgs } from "node:util";
import type { Bench, BenchOptions, StorageKind } from "../bench.ts";

/** What the command line asks for, or what is wrong with it. */
export type Asked =
  | {
      readonly kind: "run";
      readonly names: readonly string[];
      readonly json: boolean;
      readonly options: BenchOptions;
    }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

const ROUNDS = 3;
const ROUNDS_MAX = 100;

const MINUTES = 3;
const MINUTES_MAX = 60;
/** Enough to see that it works. */
const QUICK_MINUTES = 0.05;

/**
 * Reads `[name…] [--json] [--rounds n] [--quick] [--storage redis|postgres|file] [--hang]
 * [--minutes n] [--profile folder]`.
 */
export function readArguments(
  argv: readonly string[],
  benches: readonly Pick<Bench, "name" | "isOnlyByName">[],
): Asked {
  const known = benches.map(({ name }) => name);
  const parsed = parse(argv);
  if (parsed instanceof Error) return { kind: "wrong", message: parsed.message };
  const { values, positionals } = parsed;
  if (values.help === true) return { kind: "help" };
  const unknown = positionals.find((name) => name !== "all" && !known.includes(name));
  if (unknown !== undefined) {
    return {
      kind: "wrong",
      message: `there is no bench ${unknown}; give some of ${known.join(", ")}, or all`,
    };
  }
  const quick = values.quick === true;
  const rounds = values.rounds === undefined ? (quick ? 1 : ROUNDS) : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS_MAX) {
    return {
      kind: "wrong",
      message: `--rounds is ${values.rounds}; give a whole number from 1 to ${ROUNDS_MAX}`,
    };
  }
  const storage = storageOf(values.storage);
  if (storage === undefined)
    return {
      kind: "wrong",
      message: `--storage is ${values.storage}; give redis, postgres or file`,
    };
  const minutes =
    values.minutes === undefined ? (quick ? QUICK_MINUTES : MINUTES) : Number(values.minutes);
  if (!(minutes > 0 && minutes <= MINUTES_MAX)) {
    return {
      kind: "wrong",
      message: `--minutes is ${values.minutes}; give a number up to ${MINUTES_MAX}`,
    };
  }
  const usual = benches.filter(({ isOnlyByName }) => isOnlyByName !== true).map(({ name }) => name);
  const names =
    positionals.length === 0
      ? usual
      : positionals.flatMap((name) => (name === "all" ? usual : name));
  const options = {
    rounds,
    quick,
    storage,
    profile: values.profile,
    hang: values.hang === true,
    minutes,
  };
  return { kind: "run", names, json: values.json === true, options };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: "boolean" },
        quick: { type: "boolean" },
        hang: { type: "boolean" },
        help: { type: "boolean" },
        rounds: { type: "string" },
        minutes: { type: "string" },
        storage: { type: "string" },
        profile: { type: "string" },
      },
    });
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

const STORAGES: readonly StorageKind[] = ["redis", "postgres", "file"];

function storageOf(text: string | undefined): StorageKind | undefined {
  return STORAGES.find((kind) => kind === (text ?? "redis"));
}
