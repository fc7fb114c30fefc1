import type { Schedules, SlotAccess, TimerOptions } from "@troupe/sdk";

/** How loading an actor ended. */
export type LoadResult =
  | { readonly kind: "loaded" }
  /** A silo with a newer view owns the actor. */
  | { readonly kind: "refused"; readonly revision: number };

/** What changed in the durable part of an actor since it was last stored. Only the storage that made it looks inside. */
export interface Changes {
  readonly fieldCount: number;
}

/** The durable part of one actor, as its activation uses it: what changed is stored or rolled back as a whole. */
export interface ActorStorage {
  readonly slots: SlotAccess;
  readonly reminders: Schedules;
  readonly timers: Schedules<TimerOptions>;
  /** Claims the actor and reads what is stored; to be called before the actor is constructed. */
  load(): Promise<LoadResult>;
  /**
   * What changed since the last commit, or undefined if nothing did; to be asked when no turn that may write runs. Throws `NOT_SERIALIZABLE` or `PAYLOAD_TOO_LARGE` if it cannot be
   * stored.
   */
  collect(): Changes | undefined;
  /** True if there is anything to collect, or if that cannot be told. Unlike `collect` it may be asked while turns run. */
  hasChanges(): boolean;
  /** From now on the changes, which were collected just now, count as stored; the next `flush` writes them. */
  stage(changes: Changes): void;
  /** Stores everything that is staged, in one commit. If it rejects, memory is no longer what is stored, and has to go. */
  flush(): Promise<void>;
  /** Puts memory back to what counts as stored. */
  rollback(): void;
  /** The manual slots are among the next changes. */
  includeManualSlots(): void;
  /** Ends everything that would act in the actor's name later. */
  dispose(): void;
}
