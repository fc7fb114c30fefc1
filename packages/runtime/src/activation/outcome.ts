import type { ReplySink } from "@troupe/client";
import { errorToPortable, type Outcome, type PortableOptions, type RequestEnvelope, toPortable, TroupeError } from "@troupe/core";

const RESULT: PortableOptions = { root: "result", ran: "yes" };

/** What a method returned, if that can be copied. */
export function outcomeOf(value: unknown): Outcome {
  try {
    return { kind: "value", payload: toPortable(value, RESULT) };
  } catch (error) {
    return errorOutcome(error);
  }
}

/** What a method threw: whether a call that it made has run may be open, but it has itself, and its caller must not mix the two up (C4). */
export function thrownOutcome(error: unknown): Outcome {
  if (!(error instanceof TroupeError) || error.ran === "yes") return errorOutcome(error);
  const { code, message, retryable, cause, stack } = error;
  const own = new TroupeError(code, message.slice(code.length + 3), { ran: "yes", retryable, cause });
  return errorOutcome(stack === undefined ? own : Object.assign(own, { stack }));
}

export function errorOutcome(error: unknown): Outcome {
  return { kind: "error", payload: errorToPortable(error) };
}

/** Answers a request with an error of Troupe's own. */
export function answerError(sink: ReplySink, request: RequestEnvelope, error: TroupeError): void {
  sink.reply(request.callId, errorOutcome(error));
}
