import type { Logger } from "@troupe/core";
import { type ActorComponents, COMPONENTS } from "./actor-components.ts";
import type { ActorClass } from "./actor-definition.ts";
import type { ActorHost } from "./actor-host.ts";
import type { ActorRef, SendRef, UntypedActorRef, UntypedSendRef } from "./actor-ref.ts";
import { giveInsides, hostOf, takeHost } from "./actor-insides.ts";
import { ACTOR_ROOT } from "./actor-root.ts";
import type { CallContext, CallOptions } from "./call-context.ts";
import { definitionOf } from "./definition-of.ts";
import { ACTOR_HOME, HOME } from "./other-copy.ts";
import { PUBLISHER, type Publishable, type PublishOptions } from "./publishing.ts";
import type { Schedules, TimerOptions } from "./schedule-options.ts";

/**
 * Why an activation ends: nobody called for `idleAfter`, `deactivate()`, the actor lives elsewhere
 * now, the silo stops, or a failure.
 */
export type DeactivationReason = "idle" | "requested" | "moved" | "stopping" | "failed";

/**
 * The base of every actor. Each id of a class that extends it is an object that always exists: the
 * first call makes it, and its turns run one at a time.
 *
 * Troupe makes the objects, with no arguments; `this.id` and all the rest can be used from the
 * first field initialiser on. Its members are never callable through a reference.
 *
 * @example
 * ```ts
 * @actor("Counter")
 * class Counter extends Actor {
 *   @state() accessor count = 0;
 *
 *   async increment(): Promise<number> {
 *     return ++this.count;
 *   }
 * }
 * ```
 */
export abstract class Actor {
  /** @internal */
  static readonly [ACTOR_ROOT] = true;

  /** @internal */
  static readonly [ACTOR_HOME]: string = HOME;

  readonly #host: ActorHost | undefined;
  #underConstruction = true;

  static {
    giveInsides({
      host: (actor) => actor.#host,
      isUnderConstruction: (actor) => actor.#underConstruction,
      endConstruction: (actor) => {
        actor.#underConstruction = false;
      },
    });
  }

  constructor() {
    this.#host = takeHost();
  }

  /** What tells this actor from the others of its type. */
  get id(): string {
    return hostOf(this).address.id;
  }

  /** The name of the type, as `@actor` gave it. */
  get type(): string {
    return hostOf(this).address.type;
  }

  /** This actor's durable reminders: each wakes it, on whichever silo. */
  get reminders(): Schedules {
    return hostOf(this).reminders;
  }

  /** This actor's timers: they tick only while it is active. */
  get timers(): Schedules<TimerOptions> {
    return hostOf(this).timers;
  }

  /** What is known of the call that this turn serves. Throws outside of a turn. */
  get context(): CallContext {
    return hostOf(this).context();
  }

  /**
   * The components of the silo: stores, bindings, locks and settings outside of the cluster. Calls
   * of them end with the turn's deadline. What they change is not undone if the turn throws. Throws
   * `BAD_CONFIG` if the silo was started without `components`.
   */
  get components(): ActorComponents {
    return hostOf(this).part(COMPONENTS);
  }

  /** A log whose lines carry the actor's type and id. */
  get log(): Logger {
    return hostOf(this).log;
  }

  /**
   * A reference by the type's name: untyped, or typed by a class that is imported as a type only
   * (`actor<Account>("Account", id)`).
   */
  actor<A extends Actor = never>(
    type: string,
    id: string,
    options?: CallOptions,
  ): [A] extends [never] ? UntypedActorRef : ActorRef<A>;
  /**
   * A reference to another actor (or to this one). Calls through it belong to this turn's call
   * chain and inherit its deadline.
   */
  actor<A extends Actor>(type: ActorClass<A>, id: string, options?: CallOptions): ActorRef<A>;
  actor(type: ActorClass | string, id: string, options?: CallOptions): unknown {
    const name = typeof type === "string" ? type : definitionOf(type).name;
    return hostOf(this).reference(name, id, options);
  }

  /** A reference to a stateless worker by the type's name. */
  worker<A extends Actor = never>(
    type: string,
    options?: CallOptions,
  ): [A] extends [never] ? UntypedActorRef : ActorRef<A>;
  /**
   * A reference to a stateless worker: each call is served by this silo if it hosts the type, else
   * by any that does. Calls belong to this turn's call chain, as those of `actor`.
   */
  worker<A extends Actor>(type: ActorClass<A>, options?: CallOptions): ActorRef<A>;
  worker(type: ActorClass | string, options?: CallOptions): unknown {
    const name = typeof type === "string" ? type : definitionOf(type).name;
    return hostOf(this).worker(name, options);
  }

  /** Sends durably, by the type's name. */
  send<A extends Actor = never>(
    type: string,
    id: string,
  ): [A] extends [never] ? UntypedSendRef : SendRef<A>;
  /**
   * Sends durably: `this.send(Account, to).deposit(5)` stores the call with what this turn changes,
   * and returns nothing. A turn that throws sends nothing. What was sent arrives in order for each
   * receiver and takes effect once, through crashes of both sides; if the receiver keeps throwing,
   * it goes to this actor's dead letters (`troupe letters`). At most 1,000 may be under way. What a
   * method without durable state does may happen again if its silo dies at the wrong moment.
   */
  send<A extends Actor>(type: ActorClass<A>, id: string): SendRef<A>;
  send(type: ActorClass | string, id: string): unknown {
    const name = typeof type === "string" ? type : definitionOf(type).name;
    return hostOf(this).send(name, id);
  }

  /**
   * Publishes an event by the topic's name, which the silo has to know: one of its types subscribes
   * to it, or `topics({ topics })` names it. Nothing checks the type of the data.
   */
  publish(topic: string, data: unknown, options?: PublishOptions): string;
  /**
   * Publishes an event with this turn, and gives its id: it is stored with what the turn changes,
   * and leaves if and only if that is stored. A turn that throws publishes nothing.
   *
   * Throws `BAD_INPUT` if the data breaks the topic's schema or an option is wrong,
   * `NOT_SERIALIZABLE` or `PAYLOAD_TOO_LARGE` if the data cannot be kept, `READONLY_WRITE` outside
   * of a turn and in a readonly one, and `OVERLOADED` if 1,000 durable sends of this actor have not
   * arrived yet.
   *
   * @example
   * ```ts
   * async pay(amount: number): Promise<void> {
   *   this.paid += amount;
   *   this.publish(payments, { orderId: this.id, amount }, { key: this.id });
   * }
   * ```
   */
  publish<Data>(topic: Publishable<Data>, data: Data, options?: PublishOptions): string;
  publish(topic: Publishable | string, data: unknown, options: PublishOptions = {}): string {
    return hostOf(this).part(PUBLISHER).publish(topic, data, options);
  }

  /**
   * Milliseconds since the Unix epoch. Use this, not `Date.now()`: tests and the simulator move it.
   */
  now(): number {
    return hostOf(this).now();
  }

  /** Ends this activation after the turns that wait; the next call makes a new one. */
  deactivate(): void {
    hostOf(this).deactivate();
  }

  /**
   * Deletes the actor: its state, reminders and timers go with this turn's commit, and calls that
   * wait go to a new activation, which begins from nothing. A turn that throws destroys nothing.
   * Durable sends that are under way still arrive, also those of this turn, and repetitions of
   * calls and sends that took effect are still recognised.
   */
  destroy(): void {
    hostOf(this).destroy();
  }

  /** Stores the slots with `save: "manual"` together with what this turn changed. */
  save(): void {
    hostOf(this).save();
  }

  /**
   * Runs before the first turn, with the stored state in place. If it throws, the calls that wait
   * fail with `ACTIVATION_FAILED`.
   */
  onActivate(): void | Promise<void> {}

  /**
   * Runs after the last turn. It does not run when the process dies or a turn never ended, so
   * nothing may depend on it.
   */
  onDeactivate(_reason: DeactivationReason): void | Promise<void> {}
}
