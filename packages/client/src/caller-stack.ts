/**
 * Rejects the promise that a caller awaits, given its `resolve`, and joins the caller's stack to the error's, so that it shows both
 * sides of the call.
 *
 * Only the rejection handler of a promise that the caller awaits can see who does, and the caller's promise takes one microtask to
 * adopt that one. So a call that succeeds pays nothing for it; taking the stack at the call would cost 2 µs.
 */
export function rejectWithCallerStack(resolve: (outcome: Promise<never>) => void, error: unknown): void {
  const { promise, reject } = Promise.withResolvers<never>();
  resolve(promise.then(undefined, throwWithCallerStack));
  queueMicrotask(() => reject(error));
}

function throwWithCallerStack(error: unknown): never {
  if (error instanceof Error) {
    const caller: { stack?: string } = {};
    Error.captureStackTrace(caller, throwWithCallerStack);
    const frames = (caller.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
    if (frames.length > 0) error.stack = `${error.stack ?? String(error)}\n    -- called from --\n${frames.join("\n")}`;
  }
  throw error;
}
