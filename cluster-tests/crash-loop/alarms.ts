import { type Random, systemClock } from "@troupe/core";
import type { ActorRef, Duration } from "troupe";
import type { Alarm } from "./actors.ts";
import { type Missed, PERIOD_MS, type Series } from "./facts.ts";
import type { SteadyCaller } from "./steady-caller.ts";
import type { Workload } from "./workload.ts";

const REPEATED: readonly Missed[] = ["all", "all", "all", "once", "once", "once", "skip", "skip"];

const ONCE_MAX_MS = 4_000;

/** A repeated reminder that has not ticked for so long has not caught up. */
const BEHIND_MS = 10 * PERIOD_MS;

/**
 * Every so many steps a reminder is set that is deleted later: when there are more than so many.
 */
const DOOMED_EVERY = 4;
const DOOMED_MAX = 3;

export interface AlarmOptions {
  readonly random: Random;
  /** The ticks of reminders that were deleted: what ran, the actor, and when it began. */
  readonly journal: () => readonly (readonly string[])[];
}

/**
 * Reminders, repeated, single and deleted: none is missed beyond its policy, none is early, and
 * none ticks after it was deleted.
 */
export class Alarms implements Workload {
  readonly #caller: SteadyCaller;
  readonly #options: AlarmOptions;
  readonly #single: string[] = [];
  readonly #lost: string[] = [];
  /** Set and not yet deleted. */
  readonly #doomed: string[] = [];
  /** When each delete was known to have happened. */
  readonly #deletedAt = new Map<string, number>();
  #steps = 0;
  #ticks = 0;

  constructor(caller: SteadyCaller, options: AlarmOptions) {
    this.#caller = caller;
    this.#options = options;
    for (const [index, missed] of REPEATED.entries())
      this.#call(repeatedId(index), (alarm) => alarm.repeat(missed));
  }

  step(): void {
    const step = ++this.#steps;
    const id = `once-${step}`;
    const delay: Duration = 1 + Math.floor(this.#options.random.next() * ONCE_MAX_MS);
    this.#call(
      id,
      (alarm) => alarm.once(delay),
      () => this.#single.push(id),
    );
    if (step % DOOMED_EVERY === 0) this.#setDoomed(`doomed-${step}`);
    const doomed = this.#doomed.length > DOOMED_MAX ? this.#doomed.shift() : undefined;
    if (doomed !== undefined) this.#delete(doomed);
  }

  async underWay(): Promise<readonly string[]> {
    // Before the reading, which takes a while after a long run.
    const now = systemClock.now();
    const [repeated, single] = [await this.#repeated(), await this.#read(this.#single)];
    this.#ticks = [...repeated, ...single].reduce((sum, { ticks }) => sum + ticks, 0);
    return [
      ...repeated.flatMap(({ expected }, index) =>
        expected > now - BEHIND_MS ? [] : [`${repeatedId(index)} is ${now - expected} ms behind`],
      ),
      ...single.flatMap(({ ticks, expected }, index) =>
        ticks > 0
          ? []
          : [`${this.#single[index]} has not ticked, ${now - expected} ms after its time`],
      ),
    ];
  }

  async problems(): Promise<readonly string[]> {
    const [repeated, single] = [await this.#repeated(), await this.#read(this.#single)];
    return [
      ...repeated.flatMap(({ problems }, index) =>
        problems.map((problem) => `${repeatedId(index)}: ${problem}`),
      ),
      ...single.flatMap(({ problems }, index) =>
        problems.map((problem) => `${this.#single[index]}: ${problem}`),
      ),
      ...single.flatMap(({ ticks }, index) =>
        ticks === 1 ? [] : [`${this.#single[index]} ticked ${ticks} times`],
      ),
      ...this.#lost,
      ...this.#ticksAfterDelete(),
    ];
  }

  summary(): string {
    return `${this.#ticks} ticks of ${REPEATED.length} repeated and ${this.#single.length} single reminders, ${this.#deletedAt.size} deleted`;
  }

  #setDoomed(id: string): void {
    this.#call(
      id,
      (alarm) => alarm.repeatUntilDeleted(),
      () => this.#doomed.push(id),
    );
  }

  #delete(id: string): void {
    // The name of the call differs from that of the call that set it, and so does its key.
    this.#caller.call(
      `${id} is deleted`,
      (idempotencyKey) => this.#caller.actor<Alarm>("Alarm", id, idempotencyKey).delete(),
      (wasThere) => {
        this.#deletedAt.set(id, systemClock.now());
        if (!wasThere) this.#lost.push(`${id} was not there when it was deleted`);
      },
    );
  }

  #ticksAfterDelete(): string[] {
    return this.#options.journal().flatMap(([, what, id = "", firedAt]) => {
      const deletedAt = this.#deletedAt.get(id);
      if (what !== "doomed" || deletedAt === undefined || Number(firedAt) <= deletedAt) return [];
      return [`${id} ticked at ${firedAt} and was deleted at ${deletedAt}`];
    });
  }

  #repeated(): Promise<Series[]> {
    return this.#read(REPEATED.map((_, index) => repeatedId(index)));
  }

  #read(ids: readonly string[]): Promise<Series[]> {
    return Promise.all(ids.map((id) => this.#caller.actor<Alarm>("Alarm", id).read()));
  }

  #call(
    id: string,
    call: (alarm: ActorRef<Alarm>) => Promise<void>,
    onAnswer: () => unknown = () => undefined,
  ): void {
    this.#caller.call(
      id,
      (idempotencyKey) => call(this.#caller.actor<Alarm>("Alarm", id, idempotencyKey)),
      onAnswer,
    );
  }
}

function repeatedId(index: number): string {
  return `repeated-${index}`;
}
