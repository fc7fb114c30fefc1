import { type ActorAddress, type Clock, formatAddress, TroupeError } from "@troupe/core";
import type { CallFilter, FilteredCall } from "@troupe/sdk";
import type { MakeCall } from "./actor-reference.ts";
import { mergedHeaders } from "./call-headers.ts";
import { type Caller, type CallTarget, callTarget, isStream } from "./caller.ts";
import { currentTurn } from "./turn-scope.ts";

/** How long filters may still take when the call itself has reached its deadline. */
const FILTER_GRACE_MS = 1_000;

/** Sends a call through filters, the first one outermost; `last` does what the call is for. */
export async function throughFilters(
  filters: readonly CallFilter[],
  call: FilteredCall,
  last: () => unknown,
): Promise<unknown> {
  const [filter, ...inner] = filters;
  if (filter === undefined) return await last();
  let isHandedOn = false;
  const next = (): Promise<unknown> => {
    if (isHandedOn) return Promise.reject(handedOnTwice(call));
    isHandedOn = true;
    const result = throughFilters(inner, call, last);
    // A filter that does not await it has chosen another end for the call.
    result.catch(() => undefined);
    return result;
  };
  return await filter(call, next);
}

/** Makes calls through filters; without any they cost nothing. A stream passes them as it opens. */
export function filteredCalls(
  filters: readonly CallFilter[] | undefined,
  clock: Clock,
  caller: Caller,
): MakeCall {
  if (filters === undefined || filters.length === 0)
    return (target, method, args) => caller.call(target, method, args);
  return (target, method, args) => {
    if (isStream(target, method))
      return caller.stream(target, method, args, (openArgs, reader) => {
        const opening = new OutgoingCall(clock, target, method, openArgs);
        return throughFilters(filters, opening, () =>
          caller.openStream(opening.target, method, openArgs, reader),
        );
      });
    const outgoing = new OutgoingCall(clock, target, method, args);
    let isMade = false;
    const result = throughFilters(filters, outgoing, () => {
      isMade = true;
      return caller.call(outgoing.target, method, args);
    });
    return inTime(clock, outgoing, result, () => isMade);
  };
}

/** A filter that never ends would have its caller wait for ever: no router knows of its call. */
function inTime(
  clock: Clock,
  call: FilteredCall,
  result: Promise<unknown>,
  isMade: () => boolean,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const leftMs = Math.max(0, call.deadline - clock.now()) + FILTER_GRACE_MS;
    const timer = clock.schedule(leftMs, () => reject(hungFilter(call, isMade())));
    result.finally(() => timer.cancel()).then(resolve, reject);
  });
}

/** A call of this process. */
class OutgoingCall implements FilteredCall {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly caller: ActorAddress | undefined;
  readonly principal = undefined;
  readonly deadline: number;
  readonly #target: CallTarget;
  readonly #inherited: Readonly<Record<string, string>> | undefined;
  #headers: Record<string, string> | undefined;

  constructor(clock: Clock, target: CallTarget, method: string, args: readonly unknown[]) {
    const turn = currentTurn();
    this.method = method;
    this.args = args;
    this.caller = turn?.address;
    const leftMs =
      turn === undefined
        ? target.timeoutMs
        : Math.min(target.timeoutMs, turn.deadline - clock.monotonic());
    this.deadline = clock.now() + leftMs;
    this.#target = target;
    this.#inherited = turn?.traceContext;
  }

  get type(): string {
    return this.#target.address.type;
  }

  get id(): string {
    return this.#target.address.id;
  }

  get headers(): Record<string, string> {
    return (this.#headers ??= {
      ...mergedHeaders(this.#inherited, this.#target.options?.headers),
    });
  }

  /** What to call: with the headers, if a filter has looked at them and may have changed them. */
  get target(): CallTarget {
    const { address, definition, options, isWorker } = this.#target;
    if (this.#headers === undefined) return this.#target;
    const target = callTarget(address, definition, { ...options, headers: this.#headers });
    return { ...target, isWorker, hasAllHeaders: true };
  }
}

function hungFilter(call: FilteredCall, isMade: boolean): TroupeError {
  const what = isMade ? "has not ended" : "has neither called next() nor ended";
  const message = `a filter of outgoing calls ${what} when the time of ${formatAddress(call)}.${call.method}() was over`;
  return new TroupeError("TIMEOUT", message, { ran: isMade ? "maybe" : "no" });
}

function handedOnTwice(call: FilteredCall): TroupeError {
  const message = `a filter called next() twice for ${formatAddress(call)}.${call.method}(); call it once, and keep what it resolves with`;
  return new TroupeError("BAD_CONFIG", message, { ran: "maybe" });
}
