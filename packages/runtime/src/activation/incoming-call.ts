import { throughFilters } from "@troupe/client";
import {
  type ActorAddress,
  type Clock,
  fromPortable,
  type MakeReference,
  type RequestEnvelope,
  TroupeError,
  withRan,
} from "@troupe/core";
import type { Actor, CallFilter, FilteredCall } from "@troupe/sdk";
import { methodOf } from "./method-of.ts";
import { NotRun } from "./outcome.ts";
import type { Turn } from "./turn.ts";

interface ServeParts {
  readonly makeReference: MakeReference;
}

/** Calls the method that a turn is for, in that turn. */
export type ServeCall = (actor: Actor, turn: Turn, parts: ServeParts) => unknown;

/** The arguments of a call, with live references. */
export function argumentsOf({ args }: RequestEnvelope, makeReference: MakeReference): unknown[] {
  return (args.revive ? fromPortable(args, makeReference) : args.value) as unknown[];
}

const serveAtOnce: ServeCall = (actor, { request }, { makeReference }) =>
  methodOf(actor, request.method).apply(actor, argumentsOf(request, makeReference));

/** Serves calls through filters; without any a call takes no further step for them. */
export function servingThrough(filters: readonly CallFilter[], clock: Clock): ServeCall {
  if (filters.length === 0) return serveAtOnce;
  return async (actor, turn, { makeReference }) => {
    const call = new IncomingCall(turn, clock, makeReference);
    let isRunning = false;
    try {
      return await throughFilters(filters, call, () => {
        isRunning = true;
        return methodOf(actor, call.method).apply(actor, call.args);
      });
    } catch (error) {
      throw isRunning ? error : new NotRun(asNotRun(error));
    }
  };
}

/** A call that this silo serves. */
class IncomingCall implements FilteredCall {
  readonly principal: unknown;
  readonly headers: Record<string, string>;
  readonly deadline: number;
  readonly #request: RequestEnvelope;
  readonly #makeReference: MakeReference;
  #args: unknown[] | undefined;

  constructor({ request, sink }: Turn, clock: Clock, makeReference: MakeReference) {
    this.#request = request;
    this.#makeReference = makeReference;
    this.principal = "principal" in sink ? sink.principal : undefined;
    this.headers = Object.freeze({ ...request.headers });
    this.deadline = clock.now() + (request.deadline - clock.monotonic());
  }

  get type(): string {
    return this.#request.type;
  }

  get id(): string {
    return this.#request.id;
  }

  get method(): string {
    return this.#request.method;
  }

  get caller(): ActorAddress | undefined {
    const last = this.#request.chain.at(-1);
    return last === undefined ? undefined : { type: last.type, id: last.id };
  }

  get args(): unknown[] {
    return (this.#args ??= argumentsOf(this.#request, this.#makeReference));
  }
}

/** Whatever a filter threw before the method ran, the caller may know that it has not. */
function asNotRun(error: unknown): unknown {
  if (!(error instanceof TroupeError) || error.ran === "no") return error;
  try {
    return withRan(error, "no");
  } catch {
    return error;
  }
}
