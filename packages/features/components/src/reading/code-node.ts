import { shownValue } from "@troupe/core";
import type { GivenNode, GivenText } from "./given-node.ts";

/** A value that was given in code or in a JSON file. */
export class CodeNode implements GivenNode {
  readonly place: string;
  readonly #value: unknown;

  constructor(place: string, value: unknown) {
    this.place = place;
    this.#value = value;
  }

  fields(): ReadonlyMap<string, GivenNode> | undefined {
    const value = this.#value;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return new Map(
      Object.entries(value)
        .filter(([, field]) => field !== undefined)
        .map(([name, field]) => [name, new CodeNode(`${this.place}.${name}`, field)]),
    );
  }

  items(): readonly GivenNode[] | undefined {
    if (!Array.isArray(this.#value)) return undefined;
    return this.#value.map((item, index) => new CodeNode(`${this.place}[${index}]`, item));
  }

  text(): GivenText | undefined {
    const value = this.#value;
    if (value === null || value === undefined) return { text: "", isPlain: false };
    if (typeof value === "string") return { text: value, isPlain: false };
    const isScalar =
      typeof value === "number" || typeof value === "boolean" || typeof value === "bigint";
    return isScalar ? { text: String(value), isPlain: false } : undefined;
  }

  json(): string {
    return JSON.stringify(this.#value) ?? shownValue(this.#value);
  }
}
