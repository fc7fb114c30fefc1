import type { Duration, Logger } from "@troupe/core";
import type {
  Actor,
  ActorClass,
  ActorRef,
  SendRef,
  UntypedActorRef,
  UntypedSendRef,
} from "@troupe/sdk";
import type { ActivityType, ChildOptions, StepFunction, StepOptions } from "./step-options.ts";

/** Says what the data of an event is; see `event`. */
export interface EventType<D> {
  readonly kind: "event";
  /** Only for the type checker. */
  readonly data?: D;
}

/** Declares an event with data of type `D`: `events: { approved: event<{ by: string }>() }`. */
export function event<D = undefined>(): EventType<D> {
  return { kind: "event" };
}

/** Says what the data of a request is, and what its answer; see `request`. */
export interface RequestType<D, R> {
  readonly kind: "request";
  /** Only for the type checker. */
  readonly data?: D;
  readonly reply?: R;
}

/**
 * Declares a request with data of type `D` that is answered with an `R`:
 * `events: { readdress: request<Address, boolean>() }`.
 */
export function request<D = undefined, R = undefined>(): RequestType<D, R> {
  return { kind: "request" };
}

/** The events and requests of a workflow, by name. */
export type EventTypes = Readonly<
  Record<string, EventType<unknown> | RequestType<unknown, unknown>>
>;

/** The data of an event or a request. */
export type DataOf<E> =
  E extends EventType<infer D> ? D : E extends RequestType<infer D, unknown> ? D : never;

/** The answer to a request. */
export type ReplyOf<E> = E extends RequestType<unknown, infer R> ? R : never;

/** What a handler gives: the answer to a request, anything for an event. */
export type Handled<E> =
  E extends RequestType<unknown, infer R> ? R | Promise<R> : void | Promise<void>;

/** The names of the events, without those of the requests. */
export type EventNames<Events extends EventTypes> = keyof {
  [K in keyof Events as Events[K] extends { kind: "event" } ? K : never]: true;
} &
  string;

/** The names of the requests. */
export type RequestNames<Events extends EventTypes> = keyof {
  [K in keyof Events as Events[K] extends { kind: "request" } ? K : never]: true;
} &
  string;

/** Any workflow type, as another run refers to it. */
export interface ChildType<Input, Output> {
  readonly name: string;
  /** Only for the type checker. */
  readonly workflow?: { readonly input: (input: Input) => void; readonly output: Output };
}

/** What `race` gives: which one was first, and its value. */
export type RaceWinner<R> = {
  [K in keyof R]: { readonly key: K; readonly value: Awaited<R[K]> };
}[keyof R];

/**
 * All that the code of a workflow may wait for, and all that it may know of the world.
 *
 * The code runs again from its beginning after its silo was lost, and gets the same answers as
 * before. So whatever comes from outside has to come through here.
 */
export interface WorkflowContext<
  Events extends EventTypes = EventTypes,
  Status = unknown,
  Patch extends string = string,
> {
  /** The id of the run. In the part that a rerun has from another run, that run's. */
  readonly id: string;
  /** Says nothing while the code runs again. */
  readonly log: Logger;
  /**
   * Runs a step: any code, at least once. Its result is recorded once, and later runs of the code
   * get that. A step that throws is tried again; see `RetryOptions`.
   *
   * The result has to be something that can be copied, of at most 4 MiB.
   */
  run<T>(name: string, work: StepFunction<T>, options?: StepOptions<T>): Promise<T>;
  /**
   * Runs an activity: a step, on any silo that hosts it. What holds of steps holds of it; the input
   * is copied. An attempt whose silo is lost has failed, and is tried again as `retry` says.
   */
  do<I, O>(
    type: ActivityType<I, O>,
    ...input: undefined extends I
      ? [input?: I, options?: StepOptions<O>]
      : [input: I, options?: StepOptions<O>]
  ): Promise<O>;
  /**
   * Waits. A longer time costs no more than a shorter one, and passes also while no silo is up.
   */
  sleep(until: Duration | Date): Promise<void>;
  /** The next event of this name. */
  event<N extends EventNames<Events>>(name: N): Promise<DataOf<Events[N]>>;
  /** The same, or undefined when the time is over. */
  event<N extends EventNames<Events>>(
    name: N,
    options: { readonly timeout: Duration },
  ): Promise<DataOf<Events[N]> | undefined>;
  /**
   * From now on the handler gets each request of this name, in the order in which they came, and
   * what it gives or throws is the answer. It may use this context. Requests that came before wait
   * for their handler. A handler stays for as long as the run lives, and may answer while the code
   * waits for something else.
   *
   * For an event it is called with each event of this name; what it throws fails the run. Events of
   * one name go to a handler or to `event`, not to both.
   */
  on<N extends keyof Events & string>(
    name: N,
    handler: (data: DataOf<Events[N]>) => Handled<Events[N]>,
  ): void;
  /**
   * An actor whose methods are called exactly once: the call is stored with the run, and the answer
   * too. What the method throws arrives, and is not tried again.
   */
  actor<A extends Actor>(type: ActorClass<A>, id: string): ActorRef<A>;
  /** The same by the type's name. */
  actor<A extends Actor = never>(
    type: string,
    id: string,
  ): [A] extends [never] ? UntypedActorRef : ActorRef<A>;
  /** The same without an answer. */
  send<A extends Actor>(type: ActorClass<A>, id: string): SendRef<A>;
  /** The same by the type's name. */
  send<A extends Actor = never>(
    type: string,
    id: string,
  ): [A] extends [never] ? UntypedSendRef : SendRef<A>;
  /**
   * Starts another run, and gives its result when it ends. Rejects with what it failed with, with
   * `WORKFLOW_ENDED` if it was cancelled or terminated, and with `ALREADY_EXISTS` if there is a run
   * of this id. It starts exactly once, when the commands until here are stored.
   *
   * A child of which the result is not awaited any more is cancelled, or as `onParentEnd` says.
   */
  child<I, O>(
    type: ChildType<I, O>,
    id: string,
    ...input: undefined extends I
      ? [input?: I, options?: ChildOptions<O>]
      : [input: I, options?: ChildOptions<O>]
  ): Promise<O>;
  /** The same by the type's name, also for a workflow that starts another run of its own type. */
  child(type: string, id: string, input?: unknown, options?: ChildOptions): Promise<unknown>;
  /** Starts another run exactly once, whose life is its own. It has to have a free id. */
  start<I, O>(
    type: ChildType<I, O>,
    id: string,
    ...input: undefined extends I ? [input?: I] : [input: I]
  ): void;
  start(type: string, id: string, input?: unknown): void;
  /**
   * The first of several promises of this context. The others are withdrawn: an event that one of
   * them waited for stays for the next who waits, and the signal of a step is aborted.
   */
  race<R extends Readonly<Record<string, Promise<unknown>>>>(entries: R): Promise<RaceWinner<R>>;
  /**
   * The results of `work` for each item, in order. At most `concurrency` are under way at once.
   * When one fails, no further one begins.
   */
  map<T, R>(
    items: readonly T[],
    work: (item: T, index: number) => Promise<R>,
    options?: { readonly concurrency?: number },
  ): Promise<R[]>;
  /**
   * True if the run does what this patch of the definition changes: for runs that came here when
   * every silo had the patch, and from then on for ever.
   */
  patched(name: Patch): boolean;
  /** What others see of the run until the next time. */
  status(value: Status): void;
  /**
   * The time, in milliseconds since the Unix epoch: when the last thing happened that the code was
   * told. It never goes back.
   */
  now(): number;
  /** In [0, 1). */
  random(): number;
  uuid(): string;
  /**
   * True when so much has happened to the run (10,000 things) that it had better continue with
   * another input.
   */
  readonly shouldContinue: boolean;
  /**
   * Return what this gives, and the run begins anew with the input: under the same id, with an
   * empty history, and with the events that nobody has taken. Undos are forgotten. For runs that
   * live for ever.
   *
   * @example
   * ```ts
   * if (ctx.shouldContinue) return ctx.continueWith({ ...input, total });
   * ```
   */
  continueWith(input: unknown): never;
  /** Runs the undos of all steps so far, the last one's first. Throws what they threw. */
  undoAll(): Promise<void>;
}
