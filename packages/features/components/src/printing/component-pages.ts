import type { ComponentType } from "@troupe/core";
import { printType } from "./print-type.ts";

/** The pages of `docs/components`, by the names of their files. */
export function componentPages(types: readonly ComponentType[]): ReadonlyMap<string, string> {
  return new Map(types.map((type) => [`${type.type}.md`, printType(type)]));
}
