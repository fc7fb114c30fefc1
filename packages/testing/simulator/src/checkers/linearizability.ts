/** One operation on a value, as its caller saw it. */
export interface Operation<V> {
  readonly name: string;
  readonly from: number;
  /**
   * Infinity if it is unknown whether it took effect: then it may have, at any time after `from`,
   * or not.
   */
  readonly until: number;
  /** The value after it, or undefined if it cannot have given its answer on this value. */
  apply(value: V): V | undefined;
}

export type Linearization =
  | { readonly kind: "linearizable" }
  | {
      readonly kind: "not linearizable";
      readonly reached: readonly string[];
      readonly value: unknown;
    }
  /** The search took more steps than allowed. */
  | { readonly kind: "unknown" };

/** Far more than any history of these runs has taken. */
const STEPS_MAX = 300_000;

/**
 * Whether there is an order of the operations in which each takes effect between its start and its
 * end, and gives the answer that its caller got: the search of Wing and Gong, with the memory of
 * Lowe for what was tried.
 */
export function linearize<V>(operations: readonly Operation<V>[], initial: V): Linearization {
  const sorted = operations.toSorted((a, b) => a.from - b.from);
  const search = new Search(sorted);
  return search.run(initial);
}

interface Step<V> {
  readonly done: bigint;
  readonly value: V;
  readonly choices: number[];
  readonly chosen: string;
}

class Search<V> {
  readonly #operations: readonly Operation<V>[];
  readonly #tried = new Set<string>();
  #farthest: readonly string[] = [];
  #farthestValue: unknown;

  constructor(operations: readonly Operation<V>[]) {
    this.#operations = operations;
  }

  run(initial: V): Linearization {
    const path: Step<V>[] = [{ done: 0n, value: initial, choices: this.#choices(0n), chosen: "" }];
    for (let steps = 0; steps < STEPS_MAX; steps++) {
      const top = path.at(-1);
      if (top === undefined)
        return { kind: "not linearizable", reached: this.#farthest, value: this.#farthestValue };
      if (this.#isComplete(top.done)) return { kind: "linearizable" };
      const choice = top.choices.shift();
      if (choice === undefined) {
        path.pop();
        continue;
      }
      const next = this.#take(top, choice);
      if (next === undefined) continue;
      path.push(next);
      if (path.length <= this.#farthest.length + 1) continue;
      this.#farthest = path.slice(1).map(({ chosen }) => chosen);
      this.#farthestValue = next.value;
    }
    return { kind: "unknown" };
  }

  #take({ done, value }: Step<V>, choice: number): Step<V> | undefined {
    const operation = this.#operations[choice];
    const after = operation?.apply(value);
    if (operation === undefined || after === undefined) return undefined;
    const nowDone = done | (1n << BigInt(choice));
    const key = `${nowDone.toString(36)} ${JSON.stringify(after)}`;
    if (this.#tried.has(key)) return undefined;
    this.#tried.add(key);
    return { done: nowDone, value: after, choices: this.#choices(nowDone), chosen: operation.name };
  }

  /**
   * What may come next: what began before anything that is left has ended; what is known to have
   * happened comes first.
   */
  #choices(done: bigint): number[] {
    const left = this.#operations
      .map((operation, index) => ({ operation, index }))
      .filter(({ index }) => !isIn(done, index));
    const firstEnd = Math.min(...left.map(({ operation }) => operation.until));
    const possible = left.filter(({ operation }) => operation.from <= firstEnd);
    return possible
      .toSorted((a, b) => a.operation.until - b.operation.until)
      .map(({ index }) => index);
  }

  #isComplete(done: bigint): boolean {
    return this.#operations.every(
      ({ until }, index) => until === Number.POSITIVE_INFINITY || isIn(done, index),
    );
  }
}

function isIn(done: bigint, index: number): boolean {
  return ((done >> BigInt(index)) & 1n) === 1n;
}
