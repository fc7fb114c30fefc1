import { NAMES_MAX } from "./link-limits.ts";

/** The names that one side has sent on a link, and their numbers. */
export class SentNames {
  readonly #numbers = new Map<string, number>();

  /**
   * What to write for `name`: its number, or the name itself, which the reader then numbers too.
   */
  write(name: string): number | string {
    const number = this.#numbers.get(name);
    if (number !== undefined) return number;
    if (this.#numbers.size < NAMES_MAX) this.#numbers.set(name, this.#numbers.size);
    return name;
  }
}

/** The names that one side has received on a link, by number. Bounded, whatever the peer sends. */
export class ReceivedNames {
  readonly #names: string[] = [];

  /** The name of a number, or undefined if none has it. */
  read(number: number): string | undefined {
    return this.#names[number];
  }

  /** Numbers a name that came as a string, unless the table is full. */
  learn(name: string): void {
    if (this.#names.length < NAMES_MAX) this.#names.push(name);
  }
}
