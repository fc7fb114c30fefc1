import { parseArgs } from "node:util";
import { MUTANTS, type Mutation, MUTATIONS } from "./mutation.ts";
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

/** What each kind of faults is. */
const PROFILE_NOTES: Readonly<Record<Profile, string>> = {
  calm: "silos that come and drain, and nothing else",
  crashes: "processes and machines that die, at any effect",
  partitions: "links that break, and ways that are cut in one direction or both",
  membership: "a registry that is away, flaky, slow or full, or loses answers",
  stores: "stores that are away, flaky or slow",
  pauses: "silos and clients that are stopped and go on, wall clocks that jump",
  available:
    "silos that go on while the registry is away or wiped; C1 is not asked of them, C2 and C3 are",
  topics: "actors that publish and subscribe, in a storm or while silos crash",
  workflows: "runs of workflows, in any weather",
  deploy: "silos that are replaced by those of other releases, there and back",
  storm: "all of these together, under the strict policy",
};

export const SIM_HELP = `Runs whole clusters on virtual time, a script for each seed, and checks what happened.

  --seeds N      seeds to run (default 100, or as many as --minutes allow)
  --from S       the first of them (default 1)
  --seed S       one seed, with its whole trace; the same run with and without its profile
  --minutes N    goes on for that long
  --profile P    only this kind of faults (without it, each seed draws its own)
  --mutation M   switches a safeguard off; a seed that fails is what is hoped for then
  --keep-going   does not stop at the first seed that fails
  --trace        prints the whole trace of a failure
  --help

Profiles:
${PROFILES.map((profile) => `  ${profile.padEnd(14)} ${PROFILE_NOTES[profile]}`).join("\n")}

Mutations, and the rule that each breaks:
${MUTATIONS.map((mutation) => `  ${mutation.padEnd(14)} ${MUTANTS[mutation].rule}: ${MUTANTS[mutation].how}`).join("\n")}

Exit code 0: no violation. 1: a seed failed. 2: wrong arguments.`;

/** What the command line says, `"help"`, or what is wrong with it. */
export function readSimArguments(
  args: readonly string[],
): SimArguments | "help" | { readonly error: string } {
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

function choiceOf<T extends string>(
  name: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined {
  if (text === undefined) return undefined;
  const found = choices.find((choice) => choice === text);
  if (found === undefined)
    throw new RangeError(`--${name} is ${JSON.stringify(text)}; give one of ${choices.join(", ")}`);
  return found;
}
