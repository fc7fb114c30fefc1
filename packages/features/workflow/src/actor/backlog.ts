import type { Input } from "../machine/episode.ts";
import type { RunStore } from "./run-store.ts";

/** The inputs of one run that wait, because its code cannot be driven or must not be. */
export class Backlog {
  readonly #store: RunStore;
  #inputs: Input[] = [];

  constructor(store: RunStore) {
    this.#store = store;
  }

  get size(): number {
    return this.#inputs.length;
  }

  load(inputs: Input[]): void {
    this.#inputs = inputs;
  }

  /** True if something waits that belongs to the command. */
  has(number: number): boolean {
    return this.#inputs.some((input) => "of" in input && input.of === number);
  }

  /** True if the request waits. */
  hasAsked(ask: string): boolean {
    return this.#inputs.some((input) => input.kind === "event" && input.ask === ask);
  }

  /** A timer that is due is so again when the code can be driven. */
  keep(input: Input): void {
    if (input.kind === "timer") return;
    this.#inputs.push(input);
    this.#store.backlog.append(input);
  }

  /** Gives all that waits, in order, and has nothing any more. */
  takeAll(): readonly Input[] {
    const inputs = this.#inputs;
    this.#inputs = [];
    this.#store.backlog.removeBefore(this.#store.backlog.next);
    return inputs;
  }
}
