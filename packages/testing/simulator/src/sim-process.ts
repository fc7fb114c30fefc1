import type { Clock, Random, Scheduled } from "@troupe/core";
import type { VirtualClock } from "@troupe/testkit";

/** How the clocks of a process stand to the simulation's. */
export interface ClockOffsets {
  /** Virtual milliseconds that its monotonic clock is ahead. */
  readonly monotonicMs: number;
  /** What its wall clock is ahead. */
  readonly wallMs: number;
  /** How fast its monotonic clock goes; sane clocks stay within a few in a thousand of 1. */
  readonly rate: number;
}

/**
 * What is to happen in the middle of a process's own code: at the `left`th effect from now, before
 * or after it.
 */
export interface Fuse {
  left: number;
  readonly side: "before" | "after";
  readonly blow: () => void;
}

/**
 * One process of a simulation: the gate between the code that runs in it and everything else.
 *
 * SPROC-1. Whatever reaches the code (a timer, an answer, a message, a view) comes through `enter`,
 *          and whatever the code does to the world goes through `act`. So a paused process makes no
 *          step, and a dead one never makes one again, at whichever `await` it stood.
 * SPROC-2. What comes while the process is paused waits. Afterwards it enters one thing at a time,
 *          in an order that chance decides but for that of each channel: as a process that was
 *          stopped finds timers and sockets ready, and takes them in some order.
 * SPROC-3. What the code does in the same instant in which a fuse stopped it is held until it goes
 *          on, or is lost if it died: so a stop or a crash may lie between a check and its effect.
 */
export class SimProcess {
  readonly name: string;
  readonly clock: SimClock;
  /**
   * The silo that last registered from here; a process that lost its lease registers again under
   * another.
   */
  siloId = "";
  /** Of the last view that was given to it. */
  seenRevision = 0;
  readonly #world: VirtualClock;
  readonly #random: Random;
  readonly #inbox = new Map<string, (() => void)[]>();
  #outbox: (() => void)[] = [];
  #state: "running" | "paused" | "dead" = "running";
  #pump: Scheduled | undefined;
  #fuse: Fuse | undefined;

  constructor(
    parts: {
      readonly name: string;
      readonly world: VirtualClock;
      readonly random: Random;
    },
    facts: ClockOffsets,
  ) {
    this.name = parts.name;
    this.#world = parts.world;
    this.#random = parts.random;
    this.clock = new SimClock(parts.world, facts, (step) => this.enter("timers", step));
  }

  get state(): "running" | "paused" | "dead" {
    return this.#state;
  }

  get isDead(): boolean {
    return this.#state === "dead";
  }

  /** Something reaches the process. */
  enter(channel: string, step: () => void): void {
    if (this.#state === "dead") return;
    if (this.#state === "running" && this.#inbox.size === 0) {
      step();
      return;
    }
    const waiting = this.#inbox.get(channel);
    if (waiting === undefined) this.#inbox.set(channel, [step]);
    else waiting.push(step);
  }

  /** The process does something to the world. */
  act(effect: () => void): void {
    const fuse = this.#burn();
    if (fuse?.side === "before") fuse.blow();
    if (this.#state === "paused") this.#outbox.push(effect);
    else if (this.#state === "running") effect();
    if (fuse?.side === "after") fuse.blow();
  }

  /** Arms what shall happen at one of the next effects, in place of what was armed before. */
  arm(fuse: Fuse): void {
    this.#fuse = fuse;
  }

  disarm(): void {
    this.#fuse = undefined;
  }

  pause(): void {
    if (this.#state === "running") this.#state = "paused";
    this.#pump?.cancel();
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "running";
    const held = this.#outbox;
    this.#outbox = [];
    for (const effect of held) effect();
    this.#pumpSoon();
  }

  /** Ends it as SIGKILL would. */
  die(): void {
    if (this.#state === "dead") return;
    this.#state = "dead";
    this.#pump?.cancel();
    this.#inbox.clear();
    this.#outbox = [];
  }

  #burn(): Fuse | undefined {
    const fuse = this.#fuse;
    if (fuse === undefined || this.#state !== "running" || --fuse.left > 0) return undefined;
    this.#fuse = undefined;
    return fuse;
  }

  #pumpSoon(): void {
    if (this.#inbox.size === 0 || this.#state !== "running") return;
    this.#pump = this.#world.schedule(0, () => {
      const channels = [...this.#inbox.keys()];
      const channel = channels[Math.floor(this.#random.next() * channels.length)] ?? "";
      const waiting = this.#inbox.get(channel) ?? [];
      const step = waiting.shift();
      // The step runs while its channel still counts as waiting, so that nothing overtakes what is
      // behind it.
      step?.();
      if (waiting.length === 0) this.#inbox.delete(channel);
      this.#pumpSoon();
    });
  }
}

/**
 * The clocks of one process. Its timers reach it like everything else, so a paused process gets
 * them late.
 */
export class SimClock implements Clock {
  readonly #world: VirtualClock;
  readonly #facts: ClockOffsets;
  readonly #enter: (step: () => void) => void;
  #jumpedMs = 0;

  constructor(world: VirtualClock, facts: ClockOffsets, enter: (step: () => void) => void) {
    this.#world = world;
    this.#facts = facts;
    this.#enter = enter;
  }

  now(): number {
    return Math.floor(this.#world.now() + this.#facts.wallMs + this.#jumpedMs);
  }

  monotonic(): number {
    return this.#world.monotonic() * this.#facts.rate + this.#facts.monotonicMs;
  }

  schedule(delayMs: number, callback: () => void): Scheduled {
    const state = { cancelled: false };
    const { rate } = this.#facts;
    // A little more than the quotient, which may be rounded down: a timer never fires early on its
    // own clock.
    const worldMs = delayMs > 0 ? delayMs / rate + (rate === 1 ? 0 : 1e-6) : 0;
    const timer = this.#world.schedule(worldMs, () =>
      this.#enter(() => {
        if (!state.cancelled) callback();
      }),
    );
    return {
      cancel: () => {
        state.cancelled = true;
        timer.cancel();
      },
    };
  }

  /** Moves the wall clock. */
  jumpWall(ms: number): void {
    this.#jumpedMs += ms;
  }

  /** Puts the wall clock right, as far as it was when the process started. */
  restoreWall(): void {
    this.#jumpedMs = 0;
  }
}
