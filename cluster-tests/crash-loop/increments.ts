import type { ActorRef } from "troupe";
import type { Tally } from "./actors.ts";
import type { SteadyCaller } from "./steady-caller.ts";
import type { Workload } from "./workload.ts";

const TALLIES = 16;

/** In each step, to different actors. */
const AT_ONCE = 3;

/**
 * Increments under idempotency keys: each that was acknowledged is there, once, and at the place
 * that the answer said.
 */
export class Increments implements Workload {
  readonly #caller: SteadyCaller;
  readonly #places = new Map<number, number>();
  #made = 0;

  constructor(caller: SteadyCaller) {
    this.#caller = caller;
  }

  step(): void {
    for (let index = 0; index < AT_ONCE; index++) this.#increment();
  }

  async underWay(): Promise<readonly string[]> {
    return [];
  }

  async problems(): Promise<readonly string[]> {
    const tallies = await Promise.all(
      Array.from({ length: TALLIES }, (_, index) => this.#tally(index).read()),
    );
    const problems: string[] = [];
    for (const [operation, place] of this.#places) {
      const operations = tallies[operation % TALLIES] ?? [];
      const times = operations.filter((other) => other === operation).length;
      if (times !== 1)
        problems.push(`increment ${operation} was acknowledged and is there ${times} times`);
      else if (operations[place - 1] !== operation)
        problems.push(`increment ${operation} is not at the place ${place} that was answered`);
    }
    const stored = tallies.reduce((sum, operations) => sum + operations.length, 0);
    if (stored !== this.#made)
      problems.push(`${stored} increments are there and ${this.#made} were made`);
    return problems;
  }

  summary(): string {
    return `${this.#places.size} increments`;
  }

  #increment(): void {
    const operation = ++this.#made;
    this.#caller.call(
      `increment ${operation}`,
      (idempotencyKey) => this.#tally(operation % TALLIES, idempotencyKey).add(operation),
      (place) => this.#places.set(operation, place),
    );
  }

  #tally(index: number, idempotencyKey?: string): ActorRef<Tally> {
    return this.#caller.actor<Tally>("Tally", `tally-${index}`, idempotencyKey);
  }
}
