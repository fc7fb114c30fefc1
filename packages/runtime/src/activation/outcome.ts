import type { ReplySink } from "@troupe/client";
import {
  errorToPortable,
  formatAddress,
  type Outcome,
  type PortableOptions,
  repetitionKey,
  type RequestEnvelope,
  toPortable,
  TroupeError,
} from "@troupe/core";
import type { ActorStorage } from "./actor-storage.ts";

const RESULT: PortableOptions = { root: "result", ran: "yes" };

/** What a method returned, if that can be copied. */
export function outcomeOf(value: unknown): Outcome {
  try {
    return { kind: "value", payload: toPortable(value, RESULT) };
  } catch (error) {
    return errorOutcome(error);
  }
}

/** Thrown in place of an error that came before the method has run. */
export class NotRun extends Error {
  constructor(error: unknown) {
    super("the method has not run", { cause: error });
  }
}

/**
 * What a method threw: whether a call that it made has run may be open, but it has itself, and its
 * caller must not mix the two up (C4).
 */
export function thrownOutcome(error: unknown): Outcome {
  if (error instanceof NotRun) return errorOutcome(error.cause);
  if (!(error instanceof TroupeError) || error.ran === "yes") return errorOutcome(error);
  const { code, message, retryable, cause, stack } = error;
  const own = new TroupeError(code, message.slice(code.length + 3), {
    ran: "yes",
    retryable,
    cause,
  });
  return errorOutcome(stack === undefined ? own : Object.assign(own, { stack }));
}

export function errorOutcome(error: unknown): Outcome {
  return { kind: "error", payload: errorToPortable(error) };
}

/** What a turn that has come to its start is answered with if it must not, or need not, run. */
export function outcomeWithoutRunning(
  request: RequestEnvelope,
  storage: ActorStorage,
  now: number,
): Outcome | undefined {
  const { deadline } = request;
  if (deadline <= now) {
    const message = `${formatAddress(request)}.${request.method}() waited beyond its deadline`;
    return errorOutcome(new TroupeError("TIMEOUT", message, { ran: "no" }));
  }
  const key = repetitionKey(request);
  if (key === undefined) return undefined;
  // Only now: what was kept is known since the actor was loaded, for which the turn may have
  // waited.
  const kept = storage.resultOf(key);
  if (kept !== undefined) return { kind: "value", payload: kept };
  if (storage.hasRoomFor(key)) return undefined;
  const message = `${formatAddress(request)} remembers durable sends of too many senders; the send is tried again later`;
  return errorOutcome(new TroupeError("OVERLOADED", message));
}

/** Answers a request with an error of Troupe's own. */
export function answerError(sink: ReplySink, request: RequestEnvelope, error: TroupeError): void {
  sink.reply(request.callId, errorOutcome(error));
}
