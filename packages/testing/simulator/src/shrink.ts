import { type Clock, systemClock } from "@troupe/core";
import type { Script } from "./script.ts";
import { simulate, type SimulationOptions, type SimulationResult } from "./simulation.ts";

export interface ShrinkLimits {
  readonly runs: number;
  readonly ms: number;
}

/**
 * A smaller script that breaks the same rule: calls and faults are left out as long as it still
 * does, first many at a time, then one by one. Bounded by runs and by real time, so it is small and
 * seldom the smallest.
 */
export async function shrink(
  failing: SimulationResult,
  options: SimulationOptions = {},
  limits: ShrinkLimits = { runs: 300, ms: 30_000 },
): Promise<SimulationResult> {
  const shrinker = new Shrinker(failing, options, limits);
  return await shrinker.run();
}

class Shrinker {
  #best: SimulationResult;
  readonly #rule: string | undefined;
  readonly #options: SimulationOptions;
  readonly #clock: Clock = systemClock;
  readonly #end: number;
  #runs: number;

  constructor(failing: SimulationResult, options: SimulationOptions, limits: ShrinkLimits) {
    this.#best = failing;
    this.#rule = failing.violations[0]?.rule;
    this.#options = options;
    this.#runs = limits.runs;
    this.#end = this.#clock.monotonic() + limits.ms;
  }

  async run(): Promise<SimulationResult> {
    let size = 0;
    do {
      size = this.#size;
      await this.#drop(
        (script) => script.faults,
        (script, faults) => ({ ...script, faults }),
      );
      await this.#drop(
        (script) => script.calls,
        (script, calls) => ({ ...script, calls }),
      );
      await this.#drop(
        (script) => script.reads,
        (script, reads) => ({ ...script, reads }),
      );
    } while (this.#size < size && this.#mayGoOn);
    return this.#best;
  }

  get #size(): number {
    const { faults, calls, reads } = this.#best.script;
    return faults.length + calls.length + reads.length;
  }

  get #mayGoOn(): boolean {
    return this.#runs > 0 && this.#clock.monotonic() < this.#end;
  }

  async #drop<T>(
    items: (script: Script) => readonly T[],
    replace: (script: Script, items: readonly T[]) => Script,
  ): Promise<void> {
    for (
      let width = Math.ceil(items(this.#best.script).length / 2);
      width >= 1;
      width = width === 1 ? 0 : Math.ceil(width / 2)
    ) {
      for (let from = 0; from < items(this.#best.script).length && this.#mayGoOn;) {
        const kept = items(this.#best.script).filter(
          (_, index) => index < from || index >= from + width,
        );
        if (!(await this.#try(replace(this.#best.script, kept)))) from += width;
      }
    }
  }

  async #try(script: Script): Promise<boolean> {
    this.#runs--;
    const result = await simulate(script, this.#options);
    if (result.violations[0]?.rule !== this.#rule) return false;
    this.#best = result;
    return true;
  }
}
