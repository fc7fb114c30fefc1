import { closestName, TroupeError } from "@troupe/core";

/** What is wrong with the components, so that all of it can be mended in one go. */
export class ComponentProblems {
  readonly #lines: string[] = [];

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** `place` is a file with a line, or a path in an option. */
  add(place: string, message: string): void {
    this.#lines.push(`${place}: ${message}`);
  }

  /** Throws `BAD_CONFIG` with every problem, if there is any. */
  throwAny(): void {
    const [only = ""] = this.#lines;
    if (this.isEmpty) return;
    const message =
      this.#lines.length === 1
        ? only
        : `${this.#lines.length} things are wrong with the components:\n${this.#lines.map((line) => `  ${line}`).join("\n")}`;
    throw new TroupeError("BAD_CONFIG", message);
  }
}

/** Ends a message: the name that was probably meant, or those that there are. */
export function nameHint(written: string, known: readonly string[]): string {
  const meant = closestName(written, known);
  if (meant !== undefined) return `did you mean ${meant}?`;
  return known.length === 0 ? "there are none" : `there are ${known.join(", ")}`;
}
