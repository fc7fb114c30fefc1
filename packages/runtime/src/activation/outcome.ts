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
  withRan,
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
  readonly #cause: unknown;

  constructor(error: unknown) {
    super("the method has not run");
    this.#cause = error;
  }

  /**
   * The error that was thrown before the method has run, if that is what it stands for. Unlike
   * `instanceof` this does not throw for a proxy that a user threw.
   */
  static errorIn(thrown: unknown): { readonly error: unknown } | undefined {
    if (typeof thrown !== "object" || thrown === null || !(#cause in thrown)) return undefined;
    return { error: thrown.#cause };
  }
}

/**
 * What a method threw: whether a call that it made has run may be open, but it has itself, and its
 * caller must not mix the two up (C4).
 */
export function thrownOutcome(error: unknown): Outcome {
  const notRun = NotRun.errorIn(error);
  if (notRun !== undefined) return errorOutcome(notRun.error);
  if (!(error instanceof TroupeError) || error.ran === "yes") return errorOutcome(error);
  try {
    const own = withRan(error, "yes");
    const { stack } = error;
    return errorOutcome(stack === undefined ? own : Object.assign(own, { stack }));
  } catch {
    // It passes for one of ours and cannot be read as one.
    return errorOutcome(error);
  }
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
  const kept = storage.keptOutcome(key, request.method);
  if (kept !== undefined) return kept;
  if (storage.hasRoomFor(key)) return undefined;
  const message = `${formatAddress(request)} remembers durable sends of too many senders; the send is tried again later`;
  return errorOutcome(new TroupeError("OVERLOADED", message));
}

/** Answers a request with an error of Troupe's own. */
export function answerError(sink: ReplySink, request: RequestEnvelope, error: TroupeError): void {
  sink.reply(request.callId, errorOutcome(error));
}
