import { TroupeError } from "@troupe/core";

/** What ends a call from a timer or a link of this process: whoever made the error has no stack that would tell anything. */
const FROM_NOWHERE: ReadonlySet<string> = new Set(["TIMEOUT", "SILO_LOST"]);

/**
 * Throws the error again with the caller's stack under its own, so that it shows both sides of the call.
 *
 * It has to run as the rejection handler of the promise that the caller awaits: there, and only there, the engine knows who
 * awaits. That costs a call that succeeds 20 ns; taking the stack at the call would cost 2 µs.
 */
export function withCallerStack(error: unknown): never {
  if (isFromNowhere(error)) {
    Error.captureStackTrace(error, withCallerStack);
  } else if (error instanceof Error) {
    const caller: { stack?: string } = {};
    Error.captureStackTrace(caller, withCallerStack);
    const frames = (caller.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
    if (frames.length > 0) error.stack = `${error.stack ?? String(error)}\n    -- called from --\n${frames.join("\n")}`;
  }
  throw error;
}

/**
 * True if the caller's stack may take the place of the error's. Then neither is written out before somebody reads it, which spares 8 of
 * 13 µs: where a silo does not answer there are many. An error that came over a link has its stack as a string, and keeps it.
 */
function isFromNowhere(error: unknown): error is TroupeError {
  if (!(error instanceof TroupeError) || !FROM_NOWHERE.has(error.code)) return false;
  return Object.getOwnPropertyDescriptor(error, "stack")?.get !== undefined;
}
