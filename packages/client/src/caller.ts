import {
  type ActorAddress,
  checkActorId,
  type Clock,
  DURATION_FORMS,
  formatAddress,
  CALL_CHAIN_MAX,
  HEADERS_MAX,
  HEADERS_MAX_BYTES,
  parseDuration,
  type RequestEnvelope,
  toPortable,
  TroupeError,
} from "@troupe/core";
import type { ActorDefinition, CallOptions } from "@troupe/sdk";
import { withCallerStack } from "./caller-stack.ts";
import { describeCall, OutboundCall } from "./outbound-call.ts";
import type { Router } from "./router.ts";
import { currentGate, currentTurn, type TurnScope } from "./turn-scope.ts";

/** How long a call waits if neither the caller nor the called type says. */
const DEFAULT_TIMEOUT_MS = 30_000;

export interface CallTarget {
  readonly address: ActorAddress;
  readonly key: string;
  readonly definition: ActorDefinition | undefined;
  readonly timeoutMs: number;
  readonly options: CallOptions | undefined;
}

/** Checks an address and the options of its calls, once for all calls of a reference. */
export function callTarget(
  address: ActorAddress,
  definition: ActorDefinition | undefined,
  options: CallOptions | undefined,
): CallTarget {
  checkActorId(address.type, address.id);
  const timeoutMs =
    options?.timeout === undefined ? (definition?.callTimeoutMs ?? DEFAULT_TIMEOUT_MS) : parseDuration(options.timeout);
  if (timeoutMs === undefined) {
    const message = `timeout of ${formatAddress(address)} is ${JSON.stringify(options?.timeout)}; give ${DURATION_FORMS}`;
    throw new TroupeError("BAD_CONFIG", message);
  }
  if (options?.headers !== undefined) checkHeaders(options.headers);
  return { address, key: formatAddress(address), definition, timeoutMs, options };
}

/** Makes calls: gives each an id and a deadline, copies its arguments, and hands it to the router. */
export class Caller {
  readonly #clock: Clock;
  readonly #router: Router;
  #nextCallId = 1;

  constructor(clock: Clock, router: Router) {
    this.#clock = clock;
    this.#router = router;
  }

  /** Rejects with what the method threw, or with a `TroupeError`. Never throws. */
  call(target: CallTarget, method: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const request = this.#request(target, method, args);
      const idempotent = target.definition?.methods.get(method)?.idempotent === true || request.idempotencyKey !== undefined;
      const call = new OutboundCall(target.key, request, idempotent, { resolve, reject });
      const signal = target.options?.signal;
      if (signal !== undefined) watch(signal, call, () => this.#router.cancel(call, signal.reason));
      this.#start(call);
    }).then(undefined, withCallerStack);
  }

  #request(target: CallTarget, method: string, args: readonly unknown[]): RequestEnvelope {
    const { address, definition, options } = target;
    const turn = currentTurn();
    const oneWay = definition?.methods.get(method)?.oneWay === true;
    // Nobody waits for a one-way call, so it belongs to no chain and has its own time.
    const waiting = oneWay ? undefined : turn;
    const chain = waiting?.chain ?? [];
    if (chain.length >= CALL_CHAIN_MAX) {
      const message = `${target.key}.${method}() is the ${chain.length + 1}th call of one chain; at most ${CALL_CHAIN_MAX} may wait for each other`;
      throw new TroupeError("OVERLOADED", message, { retryable: false });
    }
    const deadline = this.#clock.monotonic() + target.timeoutMs;
    return {
      kind: "request",
      callId: this.#nextCallId++,
      type: address.type,
      id: address.id,
      method,
      args: toPortable(args, { root: "args" }),
      deadline: waiting === undefined ? deadline : Math.min(deadline, waiting.deadline),
      revision: this.#router.revision,
      chain,
      oneWay,
      headers: mergedHeaders(turn, options),
      idempotencyKey: options?.idempotencyKey,
    };
  }

  /** A call of a turn leaves when what the turn may know is stored. */
  #start(call: OutboundCall): void {
    const gate = currentGate();
    if (gate === undefined || gate.isOpen) {
      this.#router.start(call);
      return;
    }
    gate.pass((failure) => {
      try {
        if (failure !== undefined) throw failure;
        this.#router.start(call);
      } catch (error) {
        call.settle.reject(error);
      }
    });
  }
}

/** Ends the call with `cancel` when the signal is aborted, and lets go of the signal when the call has ended. */
function watch(signal: AbortSignal, call: OutboundCall, cancel: () => void): void {
  if (signal.aborted) {
    const message = `${describeCall(call.request)} was cancelled before it was sent`;
    throw new TroupeError("CANCELLED", message, { ran: "no", cause: signal.reason });
  }
  const { resolve, reject } = call.settle;
  const unwatch = (): void => signal.removeEventListener("abort", cancel);
  signal.addEventListener("abort", cancel, { once: true });
  call.settle = {
    resolve: (value) => {
      unwatch();
      resolve(value);
    },
    reject: (error) => {
      unwatch();
      reject(error);
    },
  };
}

function mergedHeaders(
  turn: TurnScope | undefined,
  options: CallOptions | undefined,
): Readonly<Record<string, string>> | undefined {
  if (options?.headers === undefined) return turn?.headers;
  if (turn?.headers === undefined) return options.headers;
  const headers = { ...turn.headers, ...options.headers };
  checkHeaders(headers);
  return headers;
}

function checkHeaders(headers: Readonly<Record<string, string>>): void {
  let bytes = 0;
  const names = Object.keys(headers);
  for (const name of names) {
    const value: unknown = headers[name];
    if (typeof value !== "string")
      throw new TroupeError("BAD_CONFIG", `header ${name} is a ${typeof value}; headers are strings`);
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (names.length > HEADERS_MAX || bytes > HEADERS_MAX_BYTES) {
    const message = `${names.length} headers of ${bytes} bytes; at most ${HEADERS_MAX} of ${HEADERS_MAX_BYTES} bytes together are allowed`;
    throw new TroupeError("BAD_CONFIG", message);
  }
}
