import { isErrorValue, messageOf } from "@troupe/core";

/** Thrown by a reminder turn whose handler threw. Its fields travel with it. */
export class TickThrew extends Error {
  readonly attempts: number;
  readonly backoffMs: number;

  constructor(retry: { readonly attempts: number; readonly backoffMs: number }, cause: unknown) {
    super(`the handler threw: ${messageOf(cause)}`, { cause });
    this.name = "TickThrew";
    this.attempts = retry.attempts;
    this.backoffMs = retry.backoffMs;
  }
}

/** What was thrown has travelled, so it is told by its name and not by its class. */
export function isTickThrew(error: unknown): error is TickThrew {
  return (
    isErrorValue(error) &&
    error.name === TickThrew.name &&
    "attempts" in error &&
    "backoffMs" in error
  );
}
