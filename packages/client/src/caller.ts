import { checkOptionNames } from "./call-option-names.ts";
import {
  type ActorAddress,
  argumentsToPortable,
  checkActorId,
  type Clock,
  copyOfPortable,
  DURATION_FORMS,
  formatAddress,
  CALL_CHAIN_MAX,
  type ChainEntry,
  type Delivery,
  NAME_MAX_BYTES,
  parseDuration,
  type Payload,
  shownValue,
  STREAM_WINDOW,
  TroupeError,
} from "@troupe/core";
import type { ActorDefinition, CallOptions } from "@troupe/sdk";
import { checkHeaders, mergedHeaders } from "./call-headers.ts";
import { noSuchMethod } from "./actor-reference.ts";
import { ActorStream, type OpenedStream } from "./actor-stream.ts";
import { describeCall, OutboundCall, type Route } from "./outbound-call.ts";
import { OutboundRequest } from "./outbound-request.ts";
import type { Router } from "./router.ts";
import type { StreamReader } from "./stream-calls.ts";
import { type StreamSettings, streamSettings } from "./stream-settings.ts";
import { dropBrokenTrace } from "./trace-context.ts";
import { turnInName } from "./turn-scope.ts";
import { ANY_WORKER, WorkerCall } from "./worker-call.ts";

/** How long a call waits if neither the caller nor the called type says. */
const DEFAULT_TIMEOUT_MS = 30_000;

const NO_CHAIN: readonly ChainEntry[] = [];

/**
 * Starts of idempotency keys: one that the caller gave, and one that tells repetitions of a call to
 * an `@idempotent()` method.
 */
export const USER_KEY = "u:";
/** What an idempotency key starts with that a caller makes by itself. */
export const AUTOMATIC_KEY = "a:";

/** True for the name of a system turn or a system type, which no actor of a user can have. */
export function isSystemName(name: string): boolean {
  // By the first character, since each call is asked: `startsWith` costs ten times as much.
  return name.charCodeAt(0) === DOLLAR;
}

const DOLLAR = "$".charCodeAt(0);

/**
 * True for the key of a call whose caller did not ask for the same answer, but only for one effect.
 */
export function isAutomaticKey(key: string): boolean {
  return key.startsWith(AUTOMATIC_KEY);
}

/** The actor that a reference calls, with what is known of its type. */
export interface CallTarget {
  readonly address: ActorAddress;
  readonly key: string;
  readonly definition: ActorDefinition | undefined;
  readonly timeoutMs: number;
  readonly options: CallOptions | undefined;
  /** Of the streams that it has, if the options say anything of them. */
  readonly stream: StreamSettings | undefined;
  /** True if it is a stateless worker, which any silo serves. */
  readonly isWorker: boolean;
  /** True if a filter has seen what the turn passes on: nothing is added to what it left. */
  readonly hasAllHeaders: boolean;
  /** Where its calls went last; see `Router`. */
  route: Route | undefined;
}

/** Checks an address and the options of its calls, once for all calls of a reference. */
export function callTarget(
  address: ActorAddress,
  definition: ActorDefinition | undefined,
  options: CallOptions | undefined,
): CallTarget {
  checkActorId(address.type, address.id);
  if (options !== undefined) checkOptionNames(address, options);
  const timeoutMs =
    options?.timeout === undefined
      ? (definition?.callTimeoutMs ?? DEFAULT_TIMEOUT_MS)
      : parseDuration(options.timeout);
  if (timeoutMs === undefined) {
    const message = `timeout of ${formatAddress(address)} is ${shownValue(options?.timeout)}; give ${DURATION_FORMS}`;
    throw new TroupeError("BAD_CONFIG", message);
  }
  if (options?.idempotencyKey !== undefined) checkIdempotencyKey(address, options.idempotencyKey);
  checkTypeName(address.type);
  if (options?.ifActive !== undefined && typeof options.ifActive !== "boolean") {
    const message = `ifActive of ${formatAddress(address)} is ${shownValue(options.ifActive)}; give true or false`;
    throw new TroupeError("BAD_CONFIG", message);
  }
  const kept = options?.headers === undefined ? options : withOwnHeaders(options, options.headers);
  const key = formatAddress(address);
  const stream = options === undefined ? undefined : streamSettings(key, options);
  const known = { address, key, definition, timeoutMs, options: kept, stream };
  return { ...known, isWorker: false, hasAllHeaders: false, route: undefined };
}

/** The same for a stateless worker. */
export function workerTarget(
  type: string,
  definition: ActorDefinition | undefined,
  options: CallOptions | undefined,
): CallTarget {
  if (options?.ifActive === true) {
    const message = `${type} is a stateless worker, and none of those is active for good; leave ifActive out`;
    throw new TroupeError("BAD_CONFIG", message);
  }
  return { ...callTarget({ type, id: ANY_WORKER }, definition, options), isWorker: true };
}

/**
 * With a copy of the headers, because whoever gave them may change them after they were checked.
 */
function withOwnHeaders(
  options: CallOptions,
  given: Readonly<Record<string, string>>,
): CallOptions {
  const headers = { ...given };
  dropBrokenTrace(headers);
  checkHeaders(headers);
  return { ...options, headers };
}

/** True if the method gives items rather than a result, as far as this process knows. */
export function isStream({ definition, options }: CallTarget, method: string): boolean {
  return options?.stream === true || definition?.methodOf(method)?.concurrency === "stream";
}

/** Another process may know a method that this one does not know; but it must be a name. */
function checkUnknownMethod({ address, definition }: CallTarget, method: string): void {
  const mayExist = definition === undefined || method.startsWith("$");
  if (!mayExist || !isName(method)) throw noSuchMethod(address, method, definition);
}

/** True for text that fits into the fields of an envelope, and arrives as it is. */
export function isName(text: string): boolean {
  if (text === "" || !text.isWellFormed()) return false;
  // A UTF-16 unit takes at most three bytes, so most names need no exact count.
  return text.length * 3 <= NAME_MAX_BYTES || Buffer.byteLength(text) <= NAME_MAX_BYTES;
}

/** A longer name would be taken for nonsense by the other end of a link, and break that. */
function checkTypeName(type: string): void {
  if (isName(type)) return;
  const message = `${shownValue(type)} is not the name of an actor type; names have at most ${NAME_MAX_BYTES} bytes of well-formed Unicode`;
  throw new TroupeError("NO_SUCH_ACTOR_TYPE", message);
}

/** How one try to deliver a durable send ended. */
export interface LetterOutcome {
  /** What the receiver gave or threw, or why it was not reached. */
  readonly delivered:
    | { readonly kind: "value"; readonly value: unknown }
    | { readonly kind: "error"; readonly error: unknown };
  /**
   * True if a silo that had it was lost, so that it was sent to another: the first copy may still
   * be under way, whatever the second came to.
   */
  readonly mayHaveCopies: boolean;
}

/**
 * Makes calls: gives each an id and a deadline, copies its arguments, and hands it to the router.
 */
export class Caller {
  readonly #clock: Clock;
  readonly #router: Router;
  #nextCallId = 1;

  constructor(clock: Clock, router: Router) {
    this.#clock = clock;
    this.#router = router;
  }

  /**
   * Makes a call for code of users. Gives a promise that rejects with what the method threw, or
   * with a `TroupeError`; or a stream, if the method is one. Never throws.
   */
  call(target: CallTarget, method: string, args: unknown[]): unknown {
    if (isSystemName(method) || isSystemName(target.address.type)) {
      return Promise.reject(noSuchMethod(target.address, method, target.definition));
    }
    return isStream(target, method)
      ? this.stream(target, method, args)
      : this.callSystem(target, method, args);
  }

  /** A stream that is opened when somebody begins to read it; see `openStream`. */
  stream(
    target: CallTarget,
    method: string,
    args: unknown[],
    open = (openArgs: unknown[], reader: StreamReader): Promise<unknown> =>
      this.openStream(target, method, openArgs, reader),
  ): ActorStream {
    const name = `${target.key}.${method}()`;
    const { options, stream } = target;
    return new ActorStream({ clock: this.#clock, name, args, open, options, settings: stream });
  }

  /** Resolves when the stream is open. Items may come before that. Never throws. */
  openStream(
    target: CallTarget,
    method: string,
    args: unknown[],
    reader: StreamReader,
  ): Promise<OpenedStream> {
    try {
      if (isSystemName(method)) throw noSuchMethod(target.address, method, target.definition);
      const now = this.#clock.monotonic();
      const call = this.#outbound(target, method, argumentsToPortable(args), now);
      call.request = {
        ...call.request,
        stream: target.stream?.window ?? STREAM_WINDOW,
        idempotencyKey: undefined,
      };
      return this.#open(call, target.options?.signal, reader, now);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #open(
    call: OutboundCall,
    signal: AbortSignal | undefined,
    reader: StreamReader,
    now: number,
  ): Promise<OpenedStream> {
    const { streams } = this.#router;
    streams.add(call, reader);
    try {
      if (signal !== undefined) watch(signal, call, () => this.#router.cancel(call, signal.reason));
      this.#start(call, signal, now);
      await call.outcome();
    } catch (error) {
      streams.remove(call);
      throw error;
    }
    return {
      credit: (items, bytes) => streams.credit(call, items, bytes),
      cancel: () => streams.cancel(call),
    };
  }

  /**
   * As `call`, and for Troupe's own code also for what code of users may not call: system turns,
   * and silos.
   */
  callSystem(target: CallTarget, method: string, args: unknown[]): Promise<unknown> {
    try {
      const portable = argumentsToPortable(args);
      const now = this.#clock.monotonic();
      const call = this.#outbound(target, method, portable, now);
      const signal = target.options?.signal;
      if (signal !== undefined) watch(signal, call, () => this.#router.cancel(call, signal.reason));
      this.#start(call, signal, now);
      return call.outcome();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Makes the call of a durable send, which may be made again. Its arguments are portable already,
   * and travel as a copy because a letter may be sent again. Only durable parts send system turns:
   * what a user sends was checked when it was posted. Never rejects.
   */
  async deliver(
    target: CallTarget,
    letter: {
      readonly method: string;
      readonly args: readonly unknown[];
      readonly delivery: Delivery;
    },
  ): Promise<LetterOutcome> {
    let call: OutboundCall | undefined;
    try {
      const args = copyOfPortable(letter.args);
      // Not one-way, whatever its method is: the sender has to hear that it took effect.
      const now = this.#clock.monotonic();
      call = this.#outbound(target, letter.method, args, now);
      const { delivery } = letter;
      call.request = { ...call.request, oneWay: false, idempotencyKey: undefined, delivery };
      this.#router.start(call, now);
      const value = await call.outcome();
      return { delivered: { kind: "value", value }, mayHaveCopies: call.mayHaveRun };
    } catch (error) {
      return { delivered: { kind: "error", error }, mayHaveCopies: call?.mayHaveRun === true };
    }
  }

  #outbound(target: CallTarget, method: string, args: Payload, now: number): OutboundCall {
    const { address, definition, options } = target;
    const maker = turnInName();
    const turn = maker === undefined || maker.ended ? undefined : maker;
    const marks = definition?.methodOf(method);
    if (marks === undefined) checkUnknownMethod(target, method);
    const oneWay = marks?.oneWay === true;
    // Nobody waits for a one-way call, so it belongs to no chain and has its own time.
    const waiting = oneWay ? undefined : turn;
    const chain = waiting?.chain ?? NO_CHAIN;
    if (chain.length >= CALL_CHAIN_MAX) {
      const message = `${target.key}.${method}() is the ${chain.length + 1}th call of one chain; at most ${CALL_CHAIN_MAX} may wait for each other`;
      throw new TroupeError("OVERLOADED", message, { retryable: false });
    }
    const callId = this.#nextCallId++;
    const deadline = now + target.timeoutMs;
    const request = new OutboundRequest(callId, address, method, args);
    request.deadline = waiting === undefined ? deadline : Math.min(deadline, waiting.deadline);
    request.revision = this.#router.revision;
    request.chain = chain;
    request.oneWay = oneWay;
    request.headers = target.hasAllHeaders
      ? options?.headers
      : mergedHeaders(turn?.traceContext, options?.headers);
    request.idempotencyKey = this.#idempotencyKey(options, marks?.idempotent === true, callId);
    if (options?.ifActive === true) request.ifActive = true;
    return target.isWorker
      ? new WorkerCall(this.#router.workers, target, request, maker)
      : new OutboundCall(target, request, maker);
  }

  #idempotencyKey(
    options: CallOptions | undefined,
    isIdempotent: boolean,
    callId: number,
  ): string | undefined {
    if (options?.idempotencyKey !== undefined) return USER_KEY + options.idempotencyKey;
    return isIdempotent ? `${AUTOMATIC_KEY}${this.#router.peerId}:${callId}` : undefined;
  }

  /**
   * A call of a turn leaves when what the turn may know is stored; also if the turn is over,
   * because what it knows may still be unstored.
   */
  #start(call: OutboundCall, signal: AbortSignal | undefined, now: number): void {
    const gate = call.maker?.gate;
    if (gate === undefined || gate.isOpen) {
      this.#startAt(now, call, signal);
      return;
    }
    gate.pass((failure) => {
      if (failure === undefined) this.#startAt(this.#clock.monotonic(), call, signal);
      else call.fail(failure);
    });
  }

  #startAt(now: number, call: OutboundCall, signal: AbortSignal | undefined): void {
    try {
      if (signal?.aborted === true) throw cancelledBefore(call, signal);
      this.#router.start(call, now);
    } catch (error) {
      call.fail(error);
    }
  }
}

/**
 * Ends the call with `cancel` when the signal is aborted, and lets go of the signal when the call
 * has ended.
 */
function watch(signal: AbortSignal, call: OutboundCall, cancel: () => void): void {
  signal.addEventListener("abort", cancel, { once: true });
  call.onEnd = () => signal.removeEventListener("abort", cancel);
}

function cancelledBefore({ request }: OutboundCall, signal: AbortSignal): TroupeError {
  const message = `${describeCall(request)} was cancelled before it was sent`;
  return new TroupeError("CANCELLED", message, { ran: "no", cause: signal.reason });
}

function checkIdempotencyKey(address: ActorAddress, key: unknown): void {
  if (typeof key === "string" && isName(key)) return;
  const message = `idempotencyKey for ${formatAddress(address)} must be a non-empty string of at most ${NAME_MAX_BYTES} bytes of well-formed Unicode`;
  throw new TroupeError("BAD_CONFIG", message);
}
