import { type Clock, sleep } from "@troupe/core";
import { callRate, localCallRate, rateOfAll } from "../measuring/call-rate.ts";
import { percentile } from "../measuring/median.ts";
import { treeCpu } from "../measuring/tree-cpu.ts";
import type { Counters, Delays, Started } from "./contestant.ts";
import type { Figures, Load, Work } from "./work.ts";

/** How long one round of calls takes. */
const ROUND_MS = 2_000;
const QUICK_ROUND_MS = 100;

/** Nothing that is due in so long happens while it is measured. */
const FAR_MS = 3_600_000;

/** Setting again may take so many times as long as the first time. */
const SET_AGAIN_MARGIN = 2;

/** What is due has to have happened so long after the last is due. */
const LATE_MAX_MS = 30_000;

/** How many of the actors are asked afterwards whether they counted every call. */
const CHECKED_ACTORS = 10;

const QUICK_DELAYS = 100;

/**
 * Does one kind of work with a contestant that runs, round by round, and measures it. It is the
 * same code for every contestant; and a counter that is not at what it was called for fails the
 * round, so that all of them did the work.
 */
export class WorkMeter {
  readonly #work: Work;
  readonly #started: Started;
  readonly #clock: Clock;
  readonly #quick: boolean;
  readonly #ids: readonly string[];
  /** Calls of each counter so far. */
  readonly #calls: number[];
  #setSoFar = 0;

  constructor(
    work: Work,
    started: Started,
    { clock, quick }: { readonly clock: Clock; readonly quick: boolean },
  ) {
    this.#work = work;
    this.#started = started;
    this.#clock = clock;
    this.#quick = quick;
    this.#ids = Array.from({ length: work.actors }, (_, index) => `actor-${index}`);
    this.#calls = this.#ids.map(() => 0);
  }

  round(): Promise<Figures> {
    const [work, started] = [this.#work, this.#started];
    switch (started.kind) {
      case "counters":
        return this.#count(work, started);
      case "delays":
        return this.#delay(work, started);
    }
  }

  async #count(work: Work, counters: Counters): Promise<Figures> {
    const { inFlight } = work;
    const call = (index: number): Promise<number> => {
      const actor = index % this.#ids.length;
      this.#calls[actor] = (this.#calls[actor] ?? 0) + 1;
      return counters.add(this.#ids[actor] ?? "");
    };
    // A contestant may have put actors away since the round before; to bring them back is not what
    // is measured.
    await rateOfAll({ clock: this.#clock, inFlight }, this.#ids.length, call);
    const load = {
      clock: this.#clock,
      inFlight,
      durationMs: this.#quick ? QUICK_ROUND_MS : ROUND_MS,
    };
    const taken: number[] = [];
    const timed = async (index: number): Promise<void> => {
      const start = this.#clock.monotonic();
      await call(index);
      taken.push(this.#clock.monotonic() - start);
    };
    const { rate, cpu } = await withCpu((count) => {
      const counted = (index: number): Promise<unknown> => {
        count();
        return inFlight === 1 ? timed(index) : call(index);
      };
      return work.kind === "local-calls" ? localCallRate(load, counted) : callRate(load, counted);
    });
    for (let index = 0; index < Math.min(CHECKED_ACTORS, this.#ids.length); index++) {
      const total = await call(index);
      if (total !== this.#calls[index])
        throw new Error(`a counter is at ${total} after ${this.#calls[index]} calls`);
    }
    if (taken.length === 0) return { rate, cpu, p50: null, p99: null };
    return { rate, cpu, p50: percentile(taken, 0.5), p99: percentile(taken, 0.99) };
  }

  async #delay({ actors, inFlight }: Load, delays: Delays): Promise<Figures> {
    const clock = this.#clock;
    const durationMs = this.#quick ? QUICK_ROUND_MS : ROUND_MS;
    const set = (dueAt: number): Promise<unknown> =>
      delays.set(`delayed-${this.#setSoFar++}`, dueAt);
    const far = clock.now() + FAR_MS;
    const { rate, cpu } = await withCpu((count) =>
      callRate({ clock, inFlight, durationMs }, () => {
        count();
        return set(far);
      }),
    );
    // A contestant that sets few a second gets fewer, of which as many are due in a second.
    const count = Math.min(
      this.#quick ? QUICK_DELAYS : actors,
      Math.ceil((rate * durationMs) / 1_000),
    );
    const first = Math.ceil(clock.now() + SET_AGAIN_MARGIN * ((count * 1_000) / rate) + 1_000);
    await delays.takeLate();
    await rateOfAll({ clock, inFlight }, count, (index) => set(first + index));
    if (clock.now() >= first)
      throw new Error("the first was due before the last was set; try again on a quieter machine");
    const late: number[] = [];
    const end = first + count + LATE_MAX_MS;
    while (late.length < count) {
      if (clock.now() > end)
        throw new Error(
          `only ${late.length} of ${count} have happened ${LATE_MAX_MS} ms after they were due`,
        );
      await sleep(clock, 50);
      late.push(...(await delays.takeLate()));
    }
    return { rate, cpu, p50: percentile(late, 0.5), p99: percentile(late, 0.99) };
  }
}

/**
 * The rate that `measure` finds, and what each call cost; `measure` gets the function to be called
 * once for each.
 */
async function withCpu(
  measure: (count: () => void) => Promise<number>,
): Promise<{ rate: number; cpu: number | null }> {
  const before = treeCpu(process.pid);
  let calls = 0;
  const rate = await measure(() => {
    calls++;
  });
  const after = treeCpu(process.pid);
  return { rate, cpu: before === null || after === null ? null : (after - before) / calls };
}
