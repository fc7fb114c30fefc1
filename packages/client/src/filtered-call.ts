import { type ActorAddress, type Clock, formatAddress, TroupeError } from "@troupe/core";
import type { CallFilter, FilteredCall } from "@troupe/sdk";
import type { MakeCall } from "./actor-reference.ts";
import { mergedHeaders } from "./call-headers.ts";
import { type Caller, type CallTarget, callTarget, isStream } from "./caller.ts";
import { currentTurn } from "./turn-scope.ts";

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
    return throughFilters(filters, outgoing, () => caller.call(outgoing.target, method, args));
  };
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

function handedOnTwice(call: FilteredCall): TroupeError {
  const message = `a filter called next() twice for ${formatAddress(call)}.${call.method}(); call it once, and keep what it resolves with`;
  return new TroupeError("BAD_CONFIG", message, { ran: "maybe" });
}
