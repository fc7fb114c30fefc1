import { messageOf, systemClock } from "@troupe/core";
import type { Started } from "../comparison/contestant.ts";
import { CONTESTANTS } from "../comparison/contestants.ts";
import { type Figures, type Work, WORKS } from "../comparison/work.ts";
import { WorkMeter } from "../comparison/work-meter.ts";
import { argumentOfStarter, endWithStarter, tellStarter, workForStarter } from "./starter.ts";

/** What the program of a contestant is given. Each later message asks for one round. */
export interface ContestantArgument {
  readonly contestant: string;
  readonly work: string;
  readonly peerFolder: string;
  /** For what it stores. */
  readonly folder: string;
  readonly quick: boolean;
}

/** What it says: that it is ready, and then the outcome of each round. */
export type ContestantMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "measured"; readonly figures: Figures }
  | { readonly kind: "failed"; readonly reason: string };

async function start(argument: ContestantArgument): Promise<WorkMeter> {
  const { folder, quick, peerFolder } = argument;
  const work: Work | undefined = WORKS.find(({ name }) => name === argument.work);
  const contestant = CONTESTANTS.find(({ name }) => name === argument.contestant);
  const entry = Object.entries(contestant?.entries ?? {}).find(
    ([name]) => name === work?.name,
  )?.[1];
  if (work === undefined || entry === undefined)
    throw new Error(`${argument.contestant} has no entry for ${argument.work}`);
  started = await entry.start({
    clock: systemClock,
    rounds: 1,
    quick,
    storage: "redis",
    profile: undefined,
    hang: false,
    minutes: 1,
    folder,
    peerFolder,
    progress: () => undefined,
  });
  return new WorkMeter(work, started, { clock: systemClock, quick });
}

function failed(error: unknown): ContestantMessage {
  return { kind: "failed", reason: messageOf(error) };
}

let started: Started | undefined;
const argument = (await argumentOfStarter()) as ContestantArgument;
endWithStarter(async () => started?.close());
try {
  const meter = await start(argument);
  workForStarter(async (): Promise<ContestantMessage> => {
    try {
      return { kind: "measured", figures: await meter.round() };
    } catch (error) {
      return failed(error);
    }
  });
  tellStarter({ kind: "ready" } satisfies ContestantMessage);
} catch (error) {
  tellStarter(failed(error));
}
