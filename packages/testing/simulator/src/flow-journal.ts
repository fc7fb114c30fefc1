import { type Commit, unpackField } from "@troupe/core";
import type { StepContext } from "@troupe/workflow";
import type { Episode } from "@troupe/workflow";
import type { Sight } from "./flow-program.ts";
import type { CallRecord, History } from "./history.ts";
import type { SimProcess } from "./sim-process.ts";

/** An attempt of a step. `order` numbers everything in a history. */
export interface AttemptRecord extends Pick<StepContext, "key" | "attempt" | "fence"> {
  readonly id: string;
  /** The place of the step in its program. */
  readonly at: string;
  readonly process: string;
  readonly order: number;
}

/** What the code of a run saw, in one of the processes that ran it. */
export interface SightRecord {
  readonly id: string;
  readonly sight: Sight;
  /** False if the code was told again what it was told before. */
  readonly isLive: boolean;
  readonly process: string;
  readonly order: number;
}

/** An episode, and when and by whom it was stored. */
export interface StoredEpisode extends Episode {
  readonly number: number;
  readonly order: number;
  readonly epoch: number;
}

/** What of the record of a run matters to checkers. */
export interface StoredRecord {
  readonly endedAt?: number;
  readonly blocked?: { readonly code: string; readonly message: string };
  readonly suspendedAt?: number;
  readonly awake?: unknown;
}

/** Everything that was ever stored of the runs of one id. */
export interface StoredRun {
  readonly id: string;
  /** In order, also those that are gone by now. */
  readonly episodes: StoredEpisode[];
  /** What was stored to be applied later: the data of events, and the kinds of other inputs. */
  readonly waiting: Set<string>;
  record: StoredRecord | undefined;
  /** When its end was stored. */
  ended: { readonly order: number; readonly epoch: number } | undefined;
}

/** What happened to runs, as the store, the steps and the code saw it. */
export class FlowJournal {
  readonly calls: CallRecord[] = [];
  readonly attempts: AttemptRecord[] = [];
  readonly sights: SightRecord[] = [];
  readonly runs = new Map<string, StoredRun>();
  readonly #history: History;
  /** The commits of each run. One that is repeated counts once. */
  readonly #commits = new Set<string>();

  constructor(history: History) {
    this.#history = history;
  }

  /** An attempt of a step begins. Gives what no other attempt is given. */
  attempt(process: SimProcess, facts: Omit<AttemptRecord, "process" | "order">): string {
    const order = this.#history.nextOrder();
    if (!process.isDead) this.attempts.push({ ...facts, process: process.name, order });
    return String(order);
  }

  saw(process: SimProcess, facts: Pick<SightRecord, "id" | "sight" | "isLive">): void {
    if (process.isDead) return;
    this.sights.push({ ...facts, process: process.name, order: this.#history.nextOrder() });
    const { id, isLive, sight } = facts;
    const isOfTime = sight.kind === "slept" || sight.value === "nothing";
    if (isLive && isOfTime && process.clock.now() < sight.due)
      this.#history.violate(
        "W7",
        `Flow/${id}: what was due at ${sight.due} came at ${process.clock.now()} (${sight.at})`,
      );
  }

  /** A commit of a run is stored. */
  stored(id: string, { epoch, version, set }: Commit): void {
    const name = `${id} ${epoch} ${version}`;
    if (this.#commits.has(name)) return;
    this.#commits.add(name);
    const run = this.#runOf(id);
    const order = this.#history.nextOrder();
    for (const field of [...set.keys()].toSorted()) {
      const value = unpackField(set.get(field) ?? new Uint8Array());
      if (field.startsWith("h:"))
        run.episodes.push({ ...(value as Episode), number: Number(field.slice(2)), order, epoch });
      const { kind, data } = value as { readonly kind?: string; readonly data?: unknown };
      if (field.startsWith("b:")) run.waiting.add(kind === "event" ? String(data) : String(kind));
      if (field.startsWith("w:")) this.#recorded(run, value as StoredRecord, { order, epoch });
    }
  }

  #recorded(run: StoredRun, record: StoredRecord, by: { order: number; epoch: number }): void {
    run.record = record;
    if (record.endedAt !== undefined) run.ended ??= by;
    if (record.blocked !== undefined)
      this.#history.violate("W3", `Flow/${run.id} is blocked: ${record.blocked.message}`);
  }

  #runOf(id: string): StoredRun {
    const known = this.runs.get(id);
    if (known !== undefined) return known;
    const run: StoredRun = {
      id,
      episodes: [],
      waiting: new Set(),
      record: undefined,
      ended: undefined,
    };
    this.runs.set(id, run);
    return run;
  }
}
