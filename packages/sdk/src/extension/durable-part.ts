import type {
  ActorAddress,
  Clock,
  DirtyFlag,
  FieldChange,
  Fields,
  Logger,
  MakeReference,
  Outcome,
  Payload,
} from "@troupe/core";
import type { ActorDefinition } from "../actor-definition.ts";
import type { PartKey } from "./part-key.ts";

/** A call that leaves with a turn's commit and takes effect exactly once. */
export interface DurableCall {
  /** A public method, or a system turn of a part, whose name begins with `$`. */
  readonly method: string;
  readonly args: readonly unknown[];
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Where the answer of a durable call goes: a system turn of the sender, which gets `[token,
 * outcome]`.
 */
export interface AnswerTurn {
  readonly turn: string;
  /** A value that can be copied. It comes back as it was. */
  readonly token: unknown;
}

/** What a durable part may use of the actor that it belongs to. One for each activation. */
export interface PartHost extends DirtyFlag {
  readonly address: ActorAddress;
  readonly definition: ActorDefinition;
  readonly clock: Clock;
  readonly log: Logger;
  readonly makeReference: MakeReference;
  /** True once the activation is over: then nothing may act in the actor's name any more. */
  readonly isDisposed: boolean;
  /** What this actor has of another part. */
  part<S>(key: PartKey<S>): S;
  /** A tag for an entry of the due index that no other entry of this actor has or had. */
  nextTag(): string;
  /** Calls one of the actor's methods in the running turn. */
  invoke(method: string, argument: unknown): unknown;
  /** Runs a system turn in this activation, without waking another one. */
  runTurn(name: string, args: readonly unknown[]): Promise<Outcome>;
  /** Does in the running turn what another system turn does. */
  perform(name: string, args: readonly unknown[]): unknown;
  /** Calls `done` when everything that is staged now is stored, or with why it never will be. */
  afterStored(done: (failure: unknown) => void): void;
  /** Takes entries out of the due index that stand for nothing. */
  forget(entries: readonly PartEntry[]): void;
  /** As `ActorHost.busy`: the activation has to stay until what this returns is called. */
  busy(): () => void;
  /** As `Actor.destroy`. */
  destroy(): void;
  /** Sends with the changes of the running turn. */
  send(to: ActorAddress, call: DurableCall, answer?: AnswerTurn): void;
}

/**
 * What an actor has of one part. It is made when it is first needed, because most actors have
 * nothing of most parts.
 *
 * PART-1. `collect` gives what differs from what counts as stored, and changes nothing.
 * PART-2. After `adopt` everything that `collect` gave counts as stored. After `rollback` memory is
 *         again what counted as stored.
 */
export interface PartState {
  /** Takes the stored fields of the part. It is called before the actor is constructed. */
  load(fields: Fields): void;
  collect(): readonly FieldChange[];
  adopt(): void;
  rollback(): void;
  /** Everything was loaded: what goes on in the background for the actor may begin. */
  loaded?(): void;
  /**
   * The collected changes were staged. What it gives is called once, when these and all earlier
   * changes are stored. A later staging takes the place of an earlier one that is not stored yet.
   */
  staged?(): (() => void) | undefined;
  /** The activation is over. */
  disposed?(): void;
}

/**
 * An entry of the due index that stands for a stored record.
 *
 * `due` makes the actor tick at `dueAt`. `awake` makes each new owner of the actor wake it at once,
 * by the system turn that the entry names, which gets `[tag, dueAt]`. `listed` does neither, and
 * only lets operators find the record.
 */
export interface PartEntry {
  readonly kind: "due" | "awake" | "listed";
  readonly name: string;
  /** Milliseconds since the Unix epoch. */
  readonly dueAt: number;
  /** See `DueEntry`. */
  readonly tag: string;
}

/**
 * What the silo itself does in an actor's turn. Its name starts with `$`, so no method has it.
 *
 * When it throws a `TroupeError` with `ran: "no"`, the turn has not happened: a durable send that
 * meets a retryable one is tried again for as long as it takes. So an error of a user's code must
 * not get out with `ran: "no"`; see `withRan`.
 */
export type SystemTurn = (host: PartHost, args: readonly unknown[]) => unknown;

/** For a part that remembers which requests took effect, so that a repeated one takes none. */
export interface RequestMemory {
  /** True if requests with this key are this part's business. */
  covers(key: string): boolean;
  /**
   * What the request is answered with if it is not to take effect: what it gave when it did, or an
   * error if it never will. Undefined if it may take effect, as far as is known.
   */
  find(host: PartHost, key: string, method: string): Outcome | undefined;
  /** False if it could not be remembered that the request took effect. It is refused then. */
  hasRoomFor(host: PartHost, key: string): boolean;
  /** The request took effect. `hasEffect` says whether it changed anything durable. */
  keep(host: PartHost, served: ServedRequest): void;
}

/** A request with an idempotency key that a turn has served, and its result. */
export interface ServedRequest {
  readonly key: string;
  readonly result: Payload;
  readonly hasEffect: boolean;
}

/** What a system turn does that an operator may run. */
export type OperatorTurn = "looks" | "changes";

/**
 * Something durable that is stored with actors: slots, reminders and durable sends are such parts.
 *
 * A part registers all that the silo has to know of it. What an actor has of it is collected,
 * stored and rolled back together with all its other parts, in one commit a turn.
 */
export interface DurablePart<S extends PartState = PartState> {
  readonly key: PartKey<S>;
  /** Two characters each, the second a colon: the starts of the names of its stored fields. */
  readonly prefixes: readonly string[];
  /** True if actors of this type are stored for the sake of this part. Default: false. */
  isNeededBy?(definition: ActorDefinition): boolean;
  create(host: PartHost): S;
  /**
   * True if its records stay when the actor is destroyed, because others rely on them: sends that
   * have not arrived, requests that took effect. They go by themselves. Default: false.
   */
  readonly outlivesActor?: true;
  /** True if the part is loaded though the store has no field of it. Default: false. */
  looksAt?(definition: ActorDefinition, fields: Fields): boolean;
  /** What stands in the due index for a record of a field; undefined if nothing does. */
  entryOf?(field: string, record: unknown): PartEntry | undefined;
  /** By name. Names are unique among all parts. */
  readonly turns?: Readonly<Record<string, SystemTurn>>;
  /**
   * Those of the turns that an operator may run, and whether they change anything: what an operator
   * changes is logged. All others are the business of silos.
   */
  readonly operatorTurns?: Readonly<Record<string, OperatorTurn>>;
  readonly requests?: RequestMemory;
}
