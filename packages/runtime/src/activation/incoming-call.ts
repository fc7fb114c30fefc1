import { throughFilters } from "@troupe/client";
import {
  type ActorAddress,
  type Clock,
  fromPortable,
  type MakeReference,
  type Principal,
  type RequestEnvelope,
  TroupeError,
  withRan,
} from "@troupe/core";
import type { ActorDefinition, CallFilter, FilteredCall } from "@troupe/sdk";
import { NotRun } from "./outcome.ts";
import type { Turn } from "./turn.ts";

/** The activation, as what serves its calls sees it. */
export interface ServingActivation {
  readonly definition: ActorDefinition;
  readonly parts: { readonly makeReference: MakeReference };
}

/** Has a call served, in its turn, by what the type's behaviour made for the activation. */
export type ServeCall = (activation: ServingActivation, actor: object, turn: Turn) => unknown;

/** The arguments of a call, with live references. */
export function argumentsOf({ args }: RequestEnvelope, makeReference: MakeReference): unknown[] {
  return (args.revive ? fromPortable(args, makeReference) : args.value) as unknown[];
}

const serveAtOnce: ServeCall = ({ definition, parts }, actor, { request }) =>
  definition.behaviour.invoke(actor, request.method, argumentsOf(request, parts.makeReference));

/** Serves calls through filters; without any a call takes no further step for them. */
export function servingThrough(filters: readonly CallFilter[], clock: Clock): ServeCall {
  if (filters.length === 0) return serveAtOnce;
  return async ({ definition, parts }, actor, turn) => {
    const call = new IncomingCall(turn, clock, parts.makeReference);
    let isRunning = false;
    try {
      return await throughFilters(filters, call, () => {
        isRunning = true;
        return definition.behaviour.invoke(actor, call.method, call.args);
      });
    } catch (error) {
      throw isRunning ? error : new NotRun(asNotRun(error));
    }
  };
}

/** A call that this silo serves. */
class IncomingCall implements FilteredCall {
  readonly principal: Principal;
  readonly headers: Record<string, string>;
  readonly deadline: number;
  readonly #request: RequestEnvelope;
  readonly #makeReference: MakeReference;
  #args: unknown[] | undefined;

  constructor({ request, sink }: Turn, clock: Clock, makeReference: MakeReference) {
    this.#request = request;
    this.#makeReference = makeReference;
    this.principal = sink.principal;
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
