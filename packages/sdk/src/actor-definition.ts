import type { Actor } from "./actor.ts";

/** A class that can be an actor: made without arguments, by Troupe only. */
export type ActorClass<A extends Actor = Actor> = abstract new () => A;

/**
 * What happens with a call that comes while a turn runs: `"none"` never runs it before that turn
 * has ended, `"chain"` does if that turn waits for it, and `"full"` always does.
 */
export type Reentrancy = "none" | "chain" | "full";

/**
 * Brings the stored state of an actor up to the type's version: it is given every stored slot by
 * name, also those that the class no longer has, and the version that stored them, and returns the
 * slots that get another value. It may not wait for anything.
 */
export type Migrate = (
  state: Readonly<Record<string, unknown>>,
  fromVersion: number,
) => Readonly<Record<string, unknown>>;

/** How turns of a method go together with other turns of the same activation. */
export type Concurrency =
  /** Alone. */
  | "exclusive"
  /** Beside other readonly turns. */
  | "readonly"
  /** Beside any turn. */
  | "interleave";

/** What is known of one public method. */
export interface MethodDefinition {
  readonly name: string;
  readonly concurrency: Concurrency;
  readonly oneWay: boolean;
  readonly idempotent: boolean;
}

/** A durable slot, and whether each turn stores it or only `save()` does. */
export interface SlotDefinition {
  readonly name: string;
  readonly save: "turn" | "manual";
}

/**
 * What is known of an actor class: made once, checked whole, never changed. Durations are in
 * milliseconds.
 */
export interface ActorDefinition {
  readonly name: string;
  readonly actorClass: ActorClass;
  readonly idleAfterMs: number;
  readonly reentrancy: Reentrancy;
  readonly mailboxMax: number;
  readonly callTimeoutMs: number;
  readonly version: number;
  readonly migrate: Migrate | undefined;
  /**
   * The methods that a reference may call, by name. Internal ones are not here, nor are handlers of
   * reminders and timers without another mark: only ticks call those, each in an exclusive turn.
   */
  readonly methods: ReadonlyMap<string, MethodDefinition>;
  readonly slots: readonly SlotDefinition[];
  /** Method names by reminder name, and by timer name. */
  readonly reminders: ReadonlyMap<string, string>;
  readonly timers: ReadonlyMap<string, string>;
}
