import type { Check, Measurement, Target } from "../bench.ts";

/** The target for people: `ratio >= 0.35`. */
export function describeTarget(target: Target | undefined): string {
  if (target === undefined) return "none";
  return `${target.of} ${target.sense === "at-least" ? ">=" : "<="} ${target.limit}`;
}

/** True if the target is reached, or there is none. */
export function reaches(
  target: Target | undefined,
  { value, ratio }: Pick<Measurement, "value" | "ratio">,
): boolean {
  if (target === undefined) return true;
  const found = target.of === "value" ? value : ratio;
  if (found === null) return false;
  return target.sense === "at-least" ? found >= target.limit : found <= target.limit;
}

export function holds({ value, sense, limit }: Check): boolean {
  return sense === "at-least" ? value >= limit : value <= limit;
}
