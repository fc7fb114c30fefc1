const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** The compiler takes a blank before the unit for part of the number, so it is one here as well. */
const DURATION = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d|w)$/;

/**
 * A time span: milliseconds as a number, or text such as `"250ms"`, `"1.5s"`, `"10m"`, `"2h"`,
 * `"1d"`, `"1w"`.
 */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d" | "w"}`;

/** What `parseDuration` accepts, for error messages. */
export const DURATION_FORMS = `milliseconds as a number, or text such as "250ms", "1.5s", "10m", "2h" or "1d"`;

/**
 * Milliseconds of a duration, or undefined if it is none (negative, not finite, or another form).
 */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value >= 0 ? value : undefined;
  if (typeof value !== "string") return undefined;
  const [, amount, unit] = DURATION.exec(value) ?? [];
  const unitMs = unit === undefined ? undefined : UNIT_MS[unit];
  const ms = amount === undefined || unitMs === undefined ? undefined : Number(amount) * unitMs;
  return ms !== undefined && Number.isFinite(ms) ? ms : undefined;
}
