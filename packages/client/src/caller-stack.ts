/**
 * A promise that rejects with the error, to which the stack of whoever awaits it is joined, so that it shows both sides of a call. The
 * promise that the caller awaits has to be it, or to be resolved with it at once.
 *
 * Only the rejection handler of a promise can see who awaits what it gives, and it takes a microtask until another promise has adopted
 * that. So a call that succeeds pays nothing for it; taking the stack at the call would cost 2 µs.
 */
export function rejectedWithCallerStack(thrown: unknown): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  queueMicrotask(() => reject(thrown));
  return promise.then(undefined, throwWithCallerStack);
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
