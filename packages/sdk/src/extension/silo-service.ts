import type {
  ActorAddress,
  Clock,
  DueEntry,
  Logger,
  Random,
  ReminderStore,
  StateStore,
} from "@troupe/core";
import type { ActorDefinition } from "../actor-definition.ts";
import type { DurablePart } from "./durable-part.ts";

/** What a silo service, or a part of a silo's actors, may use of its silo. */
export interface SiloHost {
  readonly siloId: string;
  /** True for a silo of a test: what helps to find mistakes may cost something there. */
  readonly isTrial: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly stateStore: StateStore;
  readonly reminderStore: ReminderStore;
  readonly definitions: ReadonlyMap<string, ActorDefinition>;
  readonly parts: PartCatalog;
  /** True if this silo owns the actor in the current view. */
  owns(address: ActorAddress): boolean;
  /** True if the actor is active on this silo, or is about to be. */
  isActive(address: ActorAddress): boolean;
  /** The buckets of the due index that hold entries of this silo's actors. */
  ownedBuckets(): ReadonlySet<number>;
  /**
   * What each silo of the current view says of a type that it hosts, by the silo's id; see
   * `BehaviourOptions.offers`. Those that drain are left out, and those that join are there.
   */
  offersOf(type: string): ReadonlyMap<string, readonly string[]>;
  /** Runs a system turn of an actor, wherever it lives. It wakes the actor. */
  callTurn(address: ActorAddress, name: string, args: readonly unknown[]): Promise<unknown>;
  /** Deactivates the actors that nobody called for their type's `idleAfter`. */
  collectIdle(): void;
}

/** The durable parts that a silo's actors may have. */
export interface PartCatalog {
  readonly all: readonly DurablePart[];
  /** The entry of the due index for a record of a stored field; undefined for most. */
  entryOf(address: ActorAddress, field: string, record: unknown): DueEntry | undefined;
}

/**
 * Something that runs beside the actors of a silo, such as the service that makes reminders tick.
 *
 * SVC-1. Services start in the order of their stages, when the silo is active, and stop in reverse.
 * SVC-2. `ownershipChanged` comes after the silo has let go of what it no longer owns, and again
 *        when all others have let go of what this silo owns now. It also comes before `start`.
 * SVC-3. After `drain` a service makes nothing happen by itself. `stop` resolves when nothing that
 *        it began is under way any more. Both may be called twice.
 */
export interface SiloService {
  readonly name: string;
  /** Lower ones start first. Built-in ones use 100 to 199. Default: 500. */
  readonly stage?: number;
  start?(): void | Promise<void>;
  ownershipChanged?(): void;
  /** Actors of this silo stored these entries of the due index. */
  entriesStored?(entries: readonly DueEntry[]): void;
  drain?(): void | Promise<void>;
  stop?(): void | Promise<void>;
}
