import { type ReplySink, SILO_TYPE } from "@troupe/client";
import {
  type Clock,
  type Logger,
  messageOf,
  type Outcome,
  type RequestEnvelope,
  TroupeError,
} from "@troupe/core";
import { Fifo } from "../activation/fifo.ts";
import { answerError, errorOutcome } from "../activation/outcome.ts";
import type { CallBudget } from "../activation/call-budget.ts";

/**
 * How long requests may keep one turn of the event loop busy. Renewals of the lease, probes and
 * replies wait meanwhile: without it a window of HTTP/2 full of requests was run in one go, which
 * took 2 s with turns of 1.6 ms.
 */
const SLICE_MS = 5;

/**
 * If all else takes longer than that in a turn (or the process does not get the processor), they
 * take as long, up to this.
 */
const SLICE_MAX_MS = 50;

/**
 * Requests that are begun between two looks at the clock while none waits: a look costs as much as
 * 1 % of a quick call.
 */
const LOOK_EVERY = 8;

/**
 * Requests are counted in windows of this length, which is also how long one may have to wait in an
 * overload.
 */
const WINDOW_MS = 25;

/**
 * A queue that has not become shorter in so many windows, one after the other, is neither a burst
 * nor what a pause has left.
 */
const GROWING_WINDOWS = 2;

/** So many may always wait: a few callers with long turns are not an overload. */
const WAITING_MIN = 64;

/**
 * A longer time between two looks counts as this long: the process may have stood still, and it has
 * to be seen at work ten times before a window says anything. (A steady load of 5 % had calls
 * refused where other processes kept the processors busy, when it was 50 ms.)
 */
const GAP_MAX_MS = WINDOW_MS / 10;

/**
 * For so long after a change of the cluster nothing is refused but for the limits below: what moved
 * has to be loaded, a new silo's code to be compiled, and a silo that comes or goes must fail no
 * call (C6).
 */
const SETTLING_MS = 10_000;

/** What may wait, whatever it is; a burst of one client is not larger (see `PendingCalls`). */
const WAITING_MAX = 100_000;

/**
 * A longer queue is not searched for a cancelled request: what is out of time is not run, wherever
 * it stands.
 */
const SEARCH_MAX = 1_000;

const WARN_EVERY_MS = 10_000;

export interface AdmissionQueueParts {
  readonly siloId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly budget: CallBudget;
  /**
   * Calls back when the event loop has turned once, and with it has read what there was to read.
   */
  nextTurn(callback: () => void): void;
  begin(request: RequestEnvelope, sink: ReplySink): void;
  /** No request waits any more, and the event loop has turned since. */
  onEmpty(): void;
}

interface WaitingRequest {
  readonly request: RequestEnvelope;
  readonly sink: ReplySink;
}

/**
 * The requests that came over links and that this process has not had the time to begin. They are
 * read at once and wait here, not in the socket, so that their number is known.
 *
 * ADM-1. Requests are begun in the order in which they came (C5), and each is begun, refused, or
 *        waited for by nobody any more.
 * ADM-2. A turn of the event loop begins requests for little longer than `SLICE_MS`, or than
 *        everything else in it takes.
 * ADM-3. In an overload no more are let in than were begun in the last window, and the others are
 *        refused at once. It begins when the queue has stopped to shrink, and ends when it is
 *        empty. What has been let in is not refused later, so a burst is served, however large it
 *        is.
 * ADM-4. A refused request has not run (C4). Never refused, short of the limits of the queue and of
 *        the `CallBudget`, are those that a turn waits for, whose work would be lost, and the
 *        cluster's own.
 */
export class AdmissionQueue {
  readonly #parts: AdmissionQueueParts;
  readonly #waiting = new Fifo<WaitingRequest>();
  /** `open`: the event loop has not turned since the first request. */
  #slice: "open" | "over" = "over";
  #sliceEnd = 0;
  #untilLook = 0;
  #lookedAt = 0;
  /** Of the window, as far as this process was running. */
  #windowMs = 0;
  #begunInWindow = 0;
  #waitingAtStart = 0;
  /** The windows until now in which the queue did not become shorter. */
  #growing = 0;
  #room = WAITING_MAX;
  #settledAt: number;
  #refusal: Outcome | undefined;
  #warnedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: AdmissionQueueParts) {
    this.#parts = parts;
    this.#settledAt = parts.clock.monotonic() + SETTLING_MS;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  take(request: RequestEnvelope, sink: ReplySink): void {
    if ((this.isEmpty && this.#hasTime()) || isUrgent(request, sink))
      return this.#parts.begin(request, sink);
    if (this.#isFull || (this.#hasNoRoom && mayBeRefused(request)))
      return this.#refuse(request, sink);
    const { budget } = this.#parts;
    const shortage = budget.take(request, sink);
    if (shortage !== undefined)
      return answerError(sink, request, budget.refusal(shortage, request, sink));
    if (this.isEmpty) this.#startQueue();
    this.#waiting.push({ request, sink });
  }

  /** True if the request was waiting here; then it will not run. */
  cancel(callId: number, sink: ReplySink): boolean {
    const { length } = this.#waiting;
    if (length === 0 || length > SEARCH_MAX) return false;
    const cancelled = this.#waiting.remove(
      (waiting) => waiting.request.callId === callId && waiting.sink === sink,
    );
    if (cancelled !== undefined) this.#parts.budget.give(cancelled.request, cancelled.sink);
    return cancelled !== undefined;
  }

  /**
   * The caller's link has ended: nobody waits for its calls, but for those that nobody ever did.
   */
  callerGone(sink: ReplySink): void {
    const gone = this.#waiting.removeAll(
      (waiting) => waiting.sink === sink && !waiting.request.oneWay,
    );
    for (const { request } of gone) this.#parts.budget.give(request, sink);
  }

  /** The cluster has changed. */
  unsettle(): void {
    this.#settledAt = this.#parts.clock.monotonic() + SETTLING_MS;
  }

  /** Forgets what waits: its callers learn it from the end of their links. */
  close(): void {
    for (const { request, sink } of this.#waiting.clear()) this.#parts.budget.give(request, sink);
  }

  #hasTime(): boolean {
    if (this.#slice === "over") {
      this.#openSlice(this.#parts.clock.monotonic(), SLICE_MS);
      this.#parts.nextTurn(this.#onTurn);
      return true;
    }
    if (this.#untilLook-- > 0) return true;
    this.#untilLook = LOOK_EVERY;
    return this.#parts.clock.monotonic() < this.#sliceEnd;
  }

  #openSlice(now: number, lengthMs: number): void {
    this.#slice = "open";
    this.#untilLook = LOOK_EVERY;
    this.#sliceEnd = now + lengthMs;
  }

  #startQueue(): void {
    this.#lookedAt = this.#parts.clock.monotonic();
    this.#growing = 0;
    this.#startWindow();
  }

  #startWindow(): void {
    this.#windowMs = 0;
    this.#begunInWindow = 0;
    this.#waitingAtStart = this.#waiting.length;
  }

  readonly #onTurn = (): void => {
    this.#slice = "over";
    if (this.isEmpty) return this.#parts.onEmpty();
    const before = this.#lookedAt;
    const now = this.#look();
    this.#openSlice(now, Math.min(Math.max(now - before, SLICE_MS), SLICE_MAX_MS));
    this.#beginNext();
  };

  /**
   * Each in a microtask of its own, so that what a turn does in its first ones counts as its time,
   * too.
   */
  readonly #beginNext = (): void => {
    const waiting = this.#next();
    if (waiting === undefined) return this.#parts.nextTurn(this.#onTurn);
    this.#begunInWindow++;
    this.#begin(waiting);
    if (this.#look() < this.#sliceEnd) queueMicrotask(this.#beginNext);
    else this.#parts.nextTurn(this.#onTurn);
  };

  /**
   * The next whose caller still waits: those that have given up by themselves have no use for an
   * answer.
   */
  #next(): WaitingRequest | undefined {
    let waiting = this.#waiting.shift();
    while (waiting !== undefined) {
      this.#parts.budget.give(waiting.request, waiting.sink);
      if (waiting.request.deadline > this.#lookedAt) return waiting;
      waiting = this.#waiting.shift();
    }
    return undefined;
  }

  #begin({ request, sink }: WaitingRequest): void {
    try {
      this.#parts.begin(request, sink);
    } catch (error) {
      this.#parts.logger.error(
        { reason: messageOf(error) },
        "beginning a request failed; please report this",
      );
    }
  }

  #look(): number {
    const now = this.#parts.clock.monotonic();
    this.#windowMs += Math.min(now - this.#lookedAt, GAP_MAX_MS);
    this.#lookedAt = now;
    if (this.#windowMs >= WINDOW_MS) this.#endWindow();
    return now;
  }

  #endWindow(): void {
    this.#room = Math.max(WAITING_MIN, (this.#begunInWindow * WINDOW_MS) / this.#windowMs);
    const isShorter = this.#waiting.length < this.#waitingAtStart && !this.#isOverloaded;
    this.#growing = isShorter || this.#lookedAt < this.#settledAt ? 0 : this.#growing + 1;
    this.#startWindow();
  }

  get #isOverloaded(): boolean {
    return this.#growing >= GROWING_WINDOWS;
  }

  get #hasNoRoom(): boolean {
    return this.#isOverloaded && this.#waiting.length >= this.#room;
  }

  get #isFull(): boolean {
    return this.#waiting.length >= WAITING_MAX;
  }

  #refuse({ callId }: RequestEnvelope, sink: ReplySink): void {
    const { siloId, clock, logger, budget } = this.#parts;
    budget.countRefusal();
    const now = clock.monotonic();
    if (now - this.#warnedAt >= WARN_EVERY_MS) {
      this.#warnedAt = now;
      logger.warn(
        { event: "overloaded", waiting: this.#waiting.length },
        "calls come faster than this silo can serve them; it refuses some",
      );
    }
    this.#refusal ??= refusalOf(siloId);
    sink.reply(callId, this.#refusal);
  }
}

/**
 * Questions of silos and operators to the silo itself are few, and how it is doing is asked when it
 * has much to do. Clients may ask as often as they call.
 */
function isUrgent({ type }: RequestEnvelope, { principal }: ReplySink): boolean {
  return type === SILO_TYPE && principal.role !== "client";
}

function mayBeRefused({ chain, method }: RequestEnvelope): boolean {
  return chain.length === 0 && !method.startsWith("$");
}

/**
 * One for all, since building it costs several times as much as all the rest of a refusal; and
 * without a stack, which would be sent each time.
 */
function refusalOf(siloId: string): Outcome {
  const message = `calls come faster than silo ${siloId} can serve them; call less at a time, or add a silo`;
  const error = new TroupeError("OVERLOADED", message);
  error.stack = String(error);
  return errorOutcome(error);
}
