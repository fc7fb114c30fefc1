import type { TypePlacement } from "@troupe/core";
import type { Actor } from "./actor.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Extension } from "./extension/extension.ts";

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
  | "interleave"
  /**
   * The method is a stream: what it does from one item to the next is a turn. It starts between
   * exclusive turns, which do not wait for it; see `Stream` in docs/streams.md.
   */
  | "stream";

/** What is known of one public method. */
export interface MethodDefinition {
  readonly name: string;
  readonly concurrency: Concurrency;
  readonly oneWay: boolean;
  readonly idempotent: boolean;
}

/** A durable slot. */
export interface SlotDefinition {
  readonly name: string;
  /** Whether each turn stores it, or only `save()` does. */
  readonly save: "turn" | "manual";
  /** True if it changes only by assigning another value. */
  readonly isFrozen: boolean;
}

/** `public`: clients may call it. `internal`: only actors may, and operators. */
export type Access = "public" | "internal";

/** How the calls of a stateless worker are served. */
export interface WorkerDefinition {
  /** Calls that run at the same time on one silo, each by an instance of its own. */
  readonly perSilo: number;
}

/** What a silo hosts: a class, or what `defineBehaviour` gave. */
export type ActorType = ActorClass | ActorDefinition;

/**
 * What is known of an actor type: made once, checked whole, never changed. Durations are in
 * milliseconds.
 */
export interface ActorDefinition {
  readonly name: string;
  readonly behaviour: Behaviour;
  readonly idleAfterMs: number;
  readonly reentrancy: Reentrancy;
  readonly mailboxMax: number;
  readonly callTimeoutMs: number;
  readonly version: number;
  readonly migrate: Migrate | undefined;
  readonly placement: TypePlacement;
  /** Who may call actors of the type: clients as well, or other actors only. */
  readonly access: Access;
  /** Undefined unless the type is a stateless worker. */
  readonly worker: WorkerDefinition | undefined;
  /**
   * The methods that a reference may call and that are known, by name. Internal ones are not here,
   * nor are handlers of reminders and timers without another mark: only ticks call those, each in
   * an exclusive turn.
   */
  readonly methods: ReadonlyMap<string, MethodDefinition>;
  /** The method of this name; also one that `methods` does not list, if the type is open. */
  readonly methodOf: (name: string) => MethodDefinition | undefined;
  readonly slots: readonly SlotDefinition[];
  /**
   * Who handles what a durable part sets off: by the part's kind ("reminder", "timer"), the method
   * by the name under which it was set.
   */
  readonly handlers: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /**
   * What the type needs of each silo that hosts it, besides what silos have. Types may share one:
   * it is added once. Default: nothing.
   */
  readonly extensions?: readonly Extension[];
  /** See `TypeAdvert.offers`. Default: nothing. */
  readonly offers?: readonly string[];
  /** What a feature wrote down of its handlers, by kind and name; most have nothing here. */
  readonly handlerDetails: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
}

const NO_HANDLERS: ReadonlyMap<string, string> = new Map();

/** The handlers of one kind: method names by what they handle. */
export function handlersOf(definition: ActorDefinition, kind: string): ReadonlyMap<string, string> {
  return definition.handlers.get(kind) ?? NO_HANDLERS;
}
