import type { Clock, Ran } from "@troupe/core";
import type { Marked } from "./board-actor.ts";

/** A call that a run makes. It is data, so that a run can be repeated with fewer of them. */
export interface CallPlan {
  /** Unique in its run; it travels as the first argument, so that turns can be told by it. */
  readonly id: string;
  readonly at: number;
  /** A client by its number, or the silo in a slot. */
  readonly from: { readonly kind: "client" | "silo"; readonly index: number };
  readonly type: string;
  readonly actorId: string;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly timeoutMs: number;
  /** Its idempotency key. Several calls may have the same, and travel under it then. */
  readonly key?: string;
  /** It is not to wake its actor. */
  readonly ifActive?: true;
}

/** A stream of a board that is read in a run. */
export interface ReadPlan {
  /** Unique in its run, and its first argument. */
  readonly id: string;
  readonly at: number;
  readonly from: CallPlan["from"];
  readonly board: string;
  readonly method: "follow" | "poll";
  /** How often a polling stream looks. */
  readonly everyMs: number;
  /** How long the reader waits between two items. */
  readonly slowMs: number;
  /** Opens it again when its silo is lost, and reads on. */
  readonly resumes: boolean;
  /** After so many items the reader leaves. */
  readonly limit: number;
  /** Items that may be on their way. */
  readonly window: number;
}

/** A stream as its reader saw it. */
export interface ReadRecord {
  readonly plan: ReadPlan;
  readonly caller: string;
  readonly items: Marked[];
  /** Undefined while it is read; `left` if the reader left, else the code of its error. */
  end: string | undefined;
}

export type CallOutcome =
  | { readonly kind: "pending" }
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly code: string; readonly ran: Ran; readonly message: string };

/** A call as its caller saw it. `order` numbers everything in a history. */
export interface CallRecord {
  readonly plan: CallPlan;
  /** The process that made it. */
  readonly caller: string;
  readonly startedAt: number;
  readonly startedOrder: number;
  endedAt: number;
  endedOrder: number;
  outcome: CallOutcome;
}

/** A run of an actor's method, as the actor itself saw it. */
export interface TurnRecord {
  /** The call's id, or what else the turn serves. */
  readonly call: string;
  readonly actor: string;
  readonly method: string;
  readonly process: string;
  readonly siloId: string;
  /** Number of the activation that runs it: higher than that of each that came to life before. */
  readonly activation: number;
  readonly startedAt: number;
  readonly startedOrder: number;
  /** Readonly turns may run beside each other. */
  readonly shared: boolean;
  /** Undefined while it runs. */
  endedOrder: number | undefined;
  /**
   * True if its process was stopped while it ran: then nobody can keep it from going on after its
   * lease (C2 is for those).
   */
  wasPaused: boolean;
}

export interface TickRecord {
  readonly actor: string;
  readonly name: string;
  readonly setBy: string;
  readonly dueAt: number;
  readonly firedAt: number;
  readonly count: number;
  readonly order: number;
}

export interface ActivationRecord {
  readonly actor: string;
  readonly siloId: string;
  readonly event: "activated" | "idle" | "requested" | "moved" | "stopping" | "failed";
  readonly revision: number;
  readonly at: number;
  readonly order: number;
}

/** A time in which calls may fail, because something was broken. */
export interface FaultWindow {
  readonly what: string;
  readonly from: number;
  until: number;
}

export interface Violation {
  /** The guarantee that does not hold, such as `C1`. */
  readonly rule: string;
  readonly text: string;
  readonly at: number;
}

/** What happened in one run, for the checkers. */
export class History {
  readonly calls: CallRecord[] = [];
  readonly reads: ReadRecord[] = [];
  readonly turns: TurnRecord[] = [];
  readonly ticks: TickRecord[] = [];
  readonly activations: ActivationRecord[] = [];
  readonly faults: FaultWindow[] = [];
  readonly violations: Violation[] = [];
  /** Searches of a checker that were given up. */
  inconclusive = 0;
  readonly #clock: Clock;
  #order = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get now(): number {
    return this.#clock.monotonic();
  }

  nextOrder(): number {
    return ++this.#order;
  }

  violate(rule: string, text: string): void {
    this.violations.push({ rule, text, at: this.now });
  }
}
