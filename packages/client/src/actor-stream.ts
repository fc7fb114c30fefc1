import { type Clock, type Scheduled, STREAM_WINDOW, TroupeError } from "@troupe/core";
import type { CallOptions } from "@troupe/sdk";
import type { StreamReader } from "./stream-calls.ts";
import type { StreamSettings } from "./stream-settings.ts";
import { runInNameOf, turnInName, type TurnScope } from "./turn-scope.ts";

/** The other end of a stream that is open. */
export interface OpenedStream {
  /** So much was taken. False if that has to be said again. */
  credit(items: number, bytes: number): boolean;
  cancel(): void;
}

export interface ActorStreamParts {
  readonly clock: Clock;
  /** `Chat/lobby.follow()`, for messages. */
  readonly name: string;
  readonly args: unknown[];
  /** Opens it, or rejects; gives an `OpenedStream` if no filter gives anything else. */
  open(args: unknown[], reader: StreamReader): Promise<unknown>;
  readonly options: CallOptions | undefined;
  readonly settings: StreamSettings | undefined;
}

/** What comes of one `next()`. */
type Result = IteratorResult<unknown, undefined>;

interface Waiter {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

interface Arrived {
  readonly value: unknown;
  readonly bytes: number;
}

type State =
  | { readonly kind: "unread" }
  | { readonly kind: "opening" }
  | { readonly kind: "open"; readonly stream: OpenedStream }
  /** It is opened again when what has arrived is read: so no more waits than the window has. */
  | { readonly kind: "lost" }
  /** It will be opened again. */
  | { readonly kind: "pausing"; readonly timer: Scheduled }
  | { readonly kind: "ended" };

/** Between two openings of a stream that is resumed. */
const FIRST_PAUSE_MS = 20;
const LAST_PAUSE_MS = 1_000;

/** A credit for which the link had no room is told again after this. */
const CREDIT_RETRY_MS = 20;

const DONE: Result = { value: undefined, done: true };

/**
 * A stream of an actor, as its reader has it. It is opened when the first item is asked for, and
 * can be read once.
 *
 * ASTR-1. The silo is told of what was taken when that is half of the window: so a reader that
 *         takes nothing stops the stream, and one that does never waits for it.
 * ASTR-2. Whoever waits for an item gets one, or learns how the stream ended.
 */
export class ActorStream implements AsyncIterableIterator<unknown, undefined>, AsyncDisposable {
  readonly #parts: ActorStreamParts;
  readonly #maker: TurnScope | undefined = turnInName();
  readonly #window: { readonly items: number; readonly bytes: number };
  #state: State = { kind: "unread" };
  readonly #arrived: Arrived[] = [];
  readonly #waiters: Waiter[] = [];
  /** Why it ended, until somebody is told. */
  #failure: { readonly error: unknown } | undefined;
  #last: unknown;
  #takenItems = 0;
  #takenBytes = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #creditTimer: Scheduled | undefined;
  #idleTimer: Scheduled | undefined;

  constructor(parts: ActorStreamParts) {
    this.#parts = parts;
    this.#window = parts.settings?.window ?? STREAM_WINDOW;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) {
      this.#took(arrived);
      this.#resumeIfRead();
      return Promise.resolve({ value: arrived.value, done: false });
    }
    if (this.#state.kind === "ended") {
      const failure = this.#failure;
      this.#failure = undefined;
      return failure === undefined ? Promise.resolve(DONE) : Promise.reject(failure.error);
    }
    if (this.#state.kind === "unread") this.#begin();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#limitWait();
    });
  }

  /** The reader leaves: the actor's stream ends. */
  return(): Promise<Result> {
    this.#leave(undefined);
    this.#failure = undefined;
    this.#arrived.length = 0;
    return Promise.resolve(DONE);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #begin(): void {
    const signal = this.#parts.options?.signal;
    signal?.addEventListener("abort", this.#cancelled, { once: true });
    void this.#open(this.#parts.args);
  }

  readonly #cancelled = (): void => {
    const message = `the stream ${this.#parts.name} was cancelled by its reader`;
    const cause: unknown = this.#parts.options?.signal?.reason;
    this.#leave({ error: new TroupeError("CANCELLED", message, { ran: "yes", cause }) });
  };

  async #open(args: unknown[]): Promise<void> {
    this.#state = { kind: "opening" };
    // An end may come before it is known here that the stream was open.
    let early: { readonly error: unknown } | undefined;
    let isOpen = false;
    const reader: StreamReader = {
      item: (value, bytes) => this.#arrive({ value, bytes }),
      ended: (error) => {
        if (isOpen) this.#end(error);
        else early = { error };
      },
    };
    try {
      const stream = asOpened(await this.#parts.open(args, reader), this.#parts.name);
      isOpen = true;
      if (early !== undefined) return this.#end(early.error);
      if (this.#state.kind !== "opening") return stream.cancel();
      this.#state = { kind: "open", stream };
      this.#credit();
    } catch (error) {
      isOpen = true;
      this.#end(error);
    }
  }

  #arrive(arrived: Arrived): void {
    if (this.#state.kind === "ended") return;
    this.#pauseMs = FIRST_PAUSE_MS;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      this.#arrived.push(arrived);
      return;
    }
    this.#idleTimer?.cancel();
    this.#took(arrived);
    waiter.resolve({ value: arrived.value, done: false });
    if (this.#waiters.length > 0) this.#limitWait();
  }

  #took({ value, bytes }: Arrived): void {
    this.#last = value;
    this.#takenItems++;
    this.#takenBytes += bytes;
    const isHalf =
      this.#takenItems * 2 >= this.#window.items || this.#takenBytes * 2 >= this.#window.bytes;
    if (isHalf) this.#credit();
  }

  #credit(): void {
    if (this.#state.kind !== "open" || this.#takenItems === 0) return;
    if (this.#state.stream.credit(this.#takenItems, this.#takenBytes)) {
      this.#takenItems = 0;
      this.#takenBytes = 0;
      return;
    }
    this.#creditTimer ??= this.#parts.clock.schedule(CREDIT_RETRY_MS, () => {
      this.#creditTimer = undefined;
      this.#credit();
    });
  }

  /** The stream has ended by itself, or could not be opened. */
  #end(error: unknown): void {
    if (this.#state.kind === "ended") return;
    if (!this.#mayResume(error)) return this.#finish(error === undefined ? undefined : { error });
    this.#state = { kind: "lost" };
    this.#resumeIfRead();
  }

  #mayResume(error: unknown): boolean {
    if (this.#parts.options?.resume === undefined || !(error instanceof TroupeError)) return false;
    return RESUMED.has(error.code);
  }

  #resumeIfRead(): void {
    if (this.#state.kind !== "lost" || this.#arrived.length > 0) return;
    // What the lost silo was still to be told of.
    this.#takenItems = 0;
    this.#takenBytes = 0;
    const timer = this.#parts.clock.schedule(this.#pauseMs, () => {
      this.#pauseMs = Math.min(2 * this.#pauseMs, LAST_PAUSE_MS);
      runInNameOf(this.#maker, () => this.#resume());
    });
    this.#state = { kind: "pausing", timer };
  }

  #resume(): void {
    try {
      const args = this.#parts.options?.resume?.(this.#last as never) ?? [];
      void this.#open([...args]);
    } catch (error) {
      this.#finish({ error });
    }
  }

  /** The reader, or a limit that it has set, ends it. */
  #leave(failure: { readonly error: unknown } | undefined): void {
    const state = this.#state;
    if (state.kind === "ended") return;
    this.#finish(failure);
    if (state.kind === "open") state.stream.cancel();
    if (state.kind === "pausing") state.timer.cancel();
  }

  /** Items that have arrived are still read, and then why it ended. */
  #finish(failure: { readonly error: unknown } | undefined): void {
    this.#state = { kind: "ended" };
    this.#failure = failure;
    this.#creditTimer?.cancel();
    this.#idleTimer?.cancel();
    this.#parts.options?.signal?.removeEventListener("abort", this.#cancelled);
    const [first, ...others] = this.#waiters.splice(0);
    if (first === undefined) return;
    this.#failure = undefined;
    if (failure === undefined) first.resolve(DONE);
    else first.reject(failure.error);
    for (const waiter of others) waiter.resolve(DONE);
  }

  /** Whoever waits does so for the time between two items, and not beyond its turn. */
  #limitWait(): void {
    const { clock, settings } = this.#parts;
    const turn = this.#maker;
    const idleMs = settings?.idleTimeoutMs ?? Number.POSITIVE_INFINITY;
    const turnMs = turn === undefined || turn.ended ? idleMs : turn.deadline - clock.monotonic();
    const limitMs = Math.max(0, Math.min(idleMs, turnMs));
    if (limitMs === Number.POSITIVE_INFINITY) return;
    this.#idleTimer?.cancel();
    this.#idleTimer = clock.schedule(limitMs, () => {
      const message = `no item of the stream ${this.#parts.name} came within ${Math.ceil(limitMs)} ms`;
      this.#leave({ error: new TroupeError("TIMEOUT", message, { ran: "yes" }) });
    });
  }
}

/** How a stream ends when its silo or its activation is gone, and another may serve it. */
const RESUMED: ReadonlySet<string> = new Set(["MOVED", "SILO_LOST"]);

function asOpened(opened: unknown, name: string): OpenedStream {
  if (typeof opened === "object" && opened !== null && "credit" in opened)
    return opened as OpenedStream;
  const message = `a filter answered the opening of the stream ${name}; return what next() gives`;
  throw new TroupeError("BAD_CONFIG", message);
}
