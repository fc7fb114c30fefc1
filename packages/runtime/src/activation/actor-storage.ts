import type { ActorAddress, Outcome, Payload } from "@troupe/core";
import type {
  DurableCall,
  PartHost,
  PartKey,
  Schedules,
  SlotAccess,
  TimerOptions,
} from "@troupe/sdk";

/** How loading an actor ended. */
export type LoadResult =
  | { readonly kind: "loaded" }
  /** A silo with a newer view owns the actor. */
  | { readonly kind: "refused"; readonly revision: number };

/**
 * A call that may be repeated, and that a turn has served: its result is kept with what the turn
 * changed.
 */
export interface KeptCall {
  readonly key: string;
  readonly result: Payload;
}

/**
 * What changed in the durable part of an actor since it was last stored. Only the storage that made
 * it looks inside.
 */
export interface Changes {
  /** True if anything changed besides what is kept of calls. */
  readonly hasEffect: boolean;
  /** True if the actor's stored life ends with them, and its activation has to. */
  readonly isEnd: boolean;
}

/**
 * The durable part of one actor, as its activation uses it: what changed is stored or rolled back
 * as a whole.
 */
export interface ActorStorage {
  readonly slots: SlotAccess;
  /** What system turns are given of the actor. */
  readonly parts: PartHost;
  /** What this actor has of a durable part. */
  part<S>(key: PartKey<S>): S;
  readonly reminders: Schedules;
  readonly timers: Schedules<TimerOptions>;
  /** Number of the claim under which this activation writes; 0 if it writes nothing. */
  readonly epoch: number;
  /** Claims the actor and reads what is stored; to be called before the actor is constructed. */
  load(): Promise<LoadResult>;
  /**
   * What changed since it was last staged, with what is kept of the calls that changed it; or
   * undefined if nothing did. To be asked when no turn that may write runs. Throws
   * `NOT_SERIALIZABLE` or `PAYLOAD_TOO_LARGE` if it cannot be stored.
   */
  collect(served: readonly KeptCall[]): Changes | undefined;
  /** From now on each turn that looks at a slot says so; see `TurnScope.willLook`. */
  watchLooks(): void;
  /** False if nothing was assigned or handed out that could have changed; costs next to nothing. */
  readonly mayHaveChanges: boolean;
  /**
   * True if there is anything to collect, or if that cannot be told. Unlike `collect` it may be
   * asked while turns run.
   */
  hasChanges(): boolean;
  /**
   * From now on the changes, which were collected just now, count as stored; the next `flush`
   * writes them.
   */
  stage(changes: Changes): void;
  /**
   * Stores everything that is staged, in one commit. If it rejects, memory is no longer what is
   * stored, and has to go.
   */
  flush(): Promise<void>;
  /** Puts memory back to what counts as stored. */
  rollback(): void;
  /**
   * What the call with this key is answered with in place of running, since it was served or
   * refused for good; undefined if it was not, as far as is known.
   */
  keptOutcome(key: string, method: string): Outcome | undefined;
  /** True if it could be remembered that the call with this key was served. */
  hasRoomFor(key: string): boolean;
  /**
   * Sends with the next changes. Throws if the arguments cannot be copied, or too many sends are
   * under way.
   */
  send(to: ActorAddress, call: DurableCall): void;
  /** The next changes end the actor's stored life. */
  destroy(): void;
  /** The manual slots are among the next changes. */
  includeManualSlots(): void;
  /**
   * Resolves when nothing of this activation is under way to the stores that could undo what the
   * next one does. Never rejects.
   */
  settled(): Promise<void>;
  /** Ends everything that would act in the actor's name later. */
  dispose(): void;
}
