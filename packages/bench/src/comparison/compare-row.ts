import type { Contestant } from "./contestant.ts";
import { ContestantRun, type Outcome } from "./contestant-run.ts";
import type { Figures, Work, WORKS } from "./work.ts";

/** What became of one contestant with one kind of work. */
export type Cell =
  | { readonly kind: "cannot" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "measured"; readonly figures: Figures; readonly durable: string };

/** One kind of work, and what became of each contestant, by its name. */
export interface Row {
  readonly work: Work;
  readonly cells: Readonly<Record<string, Cell>>;
}

/** Whether a contestant can take part. */
export type Installed =
  /** The folder is empty for what needs none. */
  | { readonly kind: "installed"; readonly folder: string }
  | { readonly kind: "missing"; readonly reason: string };

export interface Participant {
  readonly contestant: Contestant;
  readonly installed: Installed;
}

export interface RowOptions {
  readonly rounds: number;
  readonly quick: boolean;
  /** For what contestants store. */
  readonly folder: string;
  readonly progress: (line: string) => void;
}

/**
 * Measures one kind of work. Every contestant is started in a process of its own; then they take
 * turns, round by round, so that whatever slows the machine for a while slows all; one round before
 * the first is for warming up. Each figure is the median of its rounds. A contestant that fails
 * does not keep the others from going on, and everything that was started has ended afterwards.
 */
export async function compareRow(
  work: (typeof WORKS)[number],
  participants: readonly Participant[],
  options: RowOptions,
): Promise<Row> {
  const { rounds, quick, folder, progress } = options;
  const runs: ContestantRun[] = [];
  for (const { contestant, installed } of participants) {
    if (contestant.entries[work.name] === undefined || installed.kind === "missing") continue;
    const argument = {
      contestant: contestant.name,
      work: work.name,
      peerFolder: installed.folder,
      folder,
      quick,
    };
    runs.push(await ContestantRun.start(argument));
  }
  for (let round = 0; round <= rounds; round++) {
    for (const run of runs) await run.round();
    const label = round === 0 ? "warming up" : `round ${round} of ${rounds}`;
    progress(`${label}: ${runs.map((run) => run.progress).join(", ")}`);
  }
  await Promise.all(runs.map((run) => run.stop()));
  const outcomes = new Map(runs.map((run) => [run.name, run.outcome]));
  const cells = participants.map((participant) => {
    const { name } = participant.contestant;
    return [name, cellOf(participant, work, outcomes.get(name))] as const;
  });
  return { work, cells: Object.fromEntries(cells) };
}

function cellOf(
  { contestant, installed }: Participant,
  work: (typeof WORKS)[number],
  outcome: Outcome | undefined,
): Cell {
  const entry = contestant.entries[work.name];
  if (entry === undefined) return { kind: "cannot" };
  if (installed.kind === "missing") return { kind: "failed", reason: "it is not installed" };
  if (outcome === undefined) return { kind: "failed", reason: "it was not started" };
  return outcome.kind === "failed" ? outcome : { ...outcome, durable: entry.durable };
}
