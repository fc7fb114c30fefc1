import type { Clock, Scheduled } from "@troupe/core";
import { EventHeap, type TimedEvent } from "./event-heap.ts";

/**
 * Turns of the event loop without any event after which a run is taken to wait for something that
 * never comes.
 */
const IDLE_TURNS_MAX = 50;

/** Cancelled events are swept once there are this many, and more of them than live ones. */
const SWEEP_MIN = 1_000;

const DAY_MS = 86_400_000;

/** The options of a virtual clock. */
export interface VirtualClockOptions {
  /**
   * Where the wall clock starts, in milliseconds since the Unix epoch. Default:
   * 2026-01-01T00:00:00Z.
   */
  readonly now?: number;
  /** Is told when something waits for time while it stands still, and when time passes. */
  readonly stillTime?: { waits(): void; passes(): void };
}

/**
 * Time that moves only when it is told to, and then as fast as the machine allows.
 *
 * VCLK-1. Callbacks run in order of their time, and those of one time in the order in which they
 *         were scheduled.
 * VCLK-2. Between two callbacks every promise that can go on has gone on, so ordinary async code
 *         gives the same run each time.
 * VCLK-3. The wall clock goes with the monotonic one, and `jumpWall` moves it alone.
 */
export class VirtualClock implements Clock {
  readonly #events = new EventHeap<VirtualTimer>();
  #monotonic = 0;
  #wallAtZero: number;
  #order = 0;
  #cancelled = 0;
  #driven = false;
  readonly #stillTime: VirtualClockOptions["stillTime"];

  constructor(options: VirtualClockOptions = {}) {
    this.#stillTime = options.stillTime;
    this.#wallAtZero = options.now ?? Date.UTC(2026, 0, 1);
  }

  now(): number {
    return Math.floor(this.#wallAtZero + this.#monotonic);
  }

  monotonic(): number {
    return this.#monotonic;
  }

  schedule(delayMs: number, callback: () => void): Scheduled {
    // What comes from a duration that is not a number runs at once, as with the machine's timers.
    const at = this.#monotonic + (delayMs > 0 ? delayMs : 0);
    const timer = new VirtualTimer(at, this.#order++, callback, () => this.#countCancelled());
    this.#events.push(timer);
    if (!this.#driven) this.#stillTime?.waits();
    return timer;
  }

  /** Callbacks that still wait for their time. */
  get pending(): number {
    return this.#events.size - this.#cancelled;
  }

  /**
   * Moves the wall clock by `ms`, which may be negative; timers and the monotonic clock do not
   * notice.
   */
  jumpWall(ms: number): void {
    this.#wallAtZero += ms;
  }

  /**
   * Lets `ms` milliseconds pass, with everything that happens in them. `advance(0)` runs what is
   * due already.
   */
  advance(ms: number): Promise<void> {
    return this.#drive(async () => {
      const end = this.#monotonic + ms;
      await drainPromises();
      for (let timer = this.#next(); timer !== undefined && timer.at <= end; timer = this.#next()) {
        this.#fire(timer);
        await drainPromises();
      }
      this.#monotonic = end;
      await drainPromises();
    });
  }

  /**
   * Lets time pass until the promise settles, and gives its outcome. Rejects if nothing is
   * scheduled any more or `limitMs` have passed (default: a day), since it would then never settle.
   */
  run<T>(promise: Promise<T>, limitMs = DAY_MS): Promise<T> {
    const state = { settled: false };
    const outcome = promise.finally(() => {
      state.settled = true;
    });
    // Its rejection is given to whoever waits for this run; until the end of the drive nobody
    // listens.
    outcome.catch(() => undefined);
    return this.#drive(async () => {
      const end = this.#monotonic + limitMs;
      let idleTurns = 0;
      await drainPromises();
      while (!state.settled) {
        const timer = this.#next();
        if (timer !== undefined && timer.at > end)
          throw new Error(`not settled after ${limitMs} ms of virtual time`);
        if (timer !== undefined) this.#fire(timer);
        idleTurns = timer === undefined ? idleTurns + 1 : 0;
        if (idleTurns > IDLE_TURNS_MAX)
          throw new Error(`nothing is scheduled, so the promise never settles`);
        await drainPromises();
      }
      return outcome;
    });
  }

  async #drive<T>(body: () => Promise<T>): Promise<T> {
    if (this.#driven)
      throw new Error(
        "the virtual clock is being driven already; wait for the other advance or run first",
      );
    this.#driven = true;
    this.#stillTime?.passes();
    try {
      return await body();
    } finally {
      this.#driven = false;
    }
  }

  #next(): VirtualTimer | undefined {
    for (;;) {
      const timer = this.#events.peek();
      if (timer === undefined || timer.waits) return timer;
      this.#events.pop();
      this.#cancelled--;
    }
  }

  #fire(timer: VirtualTimer): void {
    this.#events.pop();
    if (timer.at > this.#monotonic) this.#monotonic = timer.at;
    timer.fire();
  }

  #countCancelled(): void {
    this.#cancelled++;
    if (this.#cancelled < SWEEP_MIN || this.#cancelled * 2 < this.#events.size) return;
    this.#events.retain((timer) => timer.waits);
    this.#cancelled = 0;
  }
}

class VirtualTimer implements Scheduled, TimedEvent {
  readonly at: number;
  readonly order: number;
  readonly #onCancel: () => void;
  #callback: (() => void) | undefined;

  constructor(at: number, order: number, callback: () => void, onCancel: () => void) {
    this.at = at;
    this.order = order;
    this.#callback = callback;
    this.#onCancel = onCancel;
  }

  get waits(): boolean {
    return this.#callback !== undefined;
  }

  cancel(): void {
    if (this.#callback === undefined) return;
    this.#callback = undefined;
    this.#onCancel();
  }

  fire(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.();
  }
}

/**
 * One turn of the event loop: Node.js runs every promise that can go on before it comes to the
 * next.
 */
function drainPromises(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
