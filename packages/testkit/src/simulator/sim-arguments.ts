import { parseArgs } from "node:util";
import { type Mutation, MUTATIONS } from "./mutation.ts";
import { type Profile, PROFILES } from "./script.ts";

export interface SimArguments {
  readonly from: number;
  /** How many; undefined for as many as the minutes allow. */
  readonly seeds: number | undefined;
  readonly minutes: number | undefined;
  readonly trace: boolean;
  readonly keepGoing: boolean;
  readonly profile: Profile | undefined;
  readonly mutation: Mutation | undefined;
}

export const SIM_HELP = `Runs whole clusters on virtual time, a script for each seed, and checks what happened.

  --seeds N      seeds to run (default 100, or as many as --minutes allow)
  --from S       the first of them (default 1)
  --seed S       one seed, with its whole trace
  --minutes N    goes on for that long
  --profile P    only this kind of faults: ${PROFILES.join(", ")}
  --mutation M   switches a safeguard off: ${MUTATIONS.join(", ")}
  --keep-going   does not stop at the first seed that fails
  --trace        prints the whole trace of a failure
  --help

Exit code 0: no violation. 1: a seed failed. 2: wrong arguments.`;

/** What the command line says, `"help"`, or what is wrong with it. */
export function readSimArguments(args: readonly string[]): SimArguments | "help" | { readonly error: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: "string" },
        from: { type: "string" },
        seed: { type: "string" },
        minutes: { type: "string" },
        profile: { type: "string" },
        mutation: { type: "string" },
        "keep-going": { type: "boolean" },
        trace: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
    if (values.help === true) return "help";
    const seed = numberOf("seed", values.seed);
    const minutes = numberOf("minutes", values.minutes);
    const seeds = numberOf("seeds", values.seeds) ?? (minutes === undefined ? 100 : undefined);
    return {
      from: seed ?? numberOf("from", values.from) ?? 1,
      seeds: seed === undefined ? seeds : 1,
      minutes,
      trace: values.trace === true || seed !== undefined,
      keepGoing: values["keep-going"] === true,
      profile: choiceOf("profile", values.profile, PROFILES),
      mutation: choiceOf("mutation", values.mutation, MUTATIONS),
    };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(Number.isFinite(value) && value >= 0))
    throw new RangeError(`--${name} is ${JSON.stringify(text)}; give a number from 0 on`);
  return value;
}

function choiceOf<T extends string>(name: string, text: string | undefined, choices: readonly T[]): T | undefined {
  if (text === undefined) return undefined;
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new RangeError(`--${name} is ${JSON.stringify(text)}; give one of ${choices.join(", ")}`);
  return found;
}
