import {
  type ActorReferences,
  type ActorSearch,
  type ActorSearchOf,
  ADMIN_LINK,
  type Administered,
  type AdminLink,
  adminLink,
  type DeadLetterAccess,
  type DeadLetters,
  type FoundActors,
  References,
  type UntypedActorSearch,
} from "@troupe/client";
import {
  BackgroundWork,
  Condition,
  INSPECT,
  messageOf,
  randomId,
  TroupeError,
  type View,
} from "@troupe/core";
import {
  type Actor,
  type ActorClass,
  type ActorDefinition,
  type ActorRef,
  type CallOptions,
  definitionsOf,
  type UntypedActorRef,
} from "@troupe/sdk";
import type { SiloSnapshot } from "../inspect/silo-snapshot.ts";
import { StorageOwner } from "./storage-owner.ts";
import type { SiloOptions, SiloPorts } from "./silo-options.ts";
import { SiloSession } from "./silo-session.ts";

const REJOIN_EVERY_MS = 1_000;

/**
 * A node of the cluster: it hosts actors, and calls those of others.
 *
 * A silo that loses its lease drops everything and joins again under a new id, until it is stopped.
 */
export class Silo
  implements ActorReferences, ActorSearch, DeadLetterAccess, Administered, AsyncDisposable
{
  /** Settles when the silo has stopped. */
  readonly stopped: Promise<void>;
  readonly #ports: SiloPorts;
  readonly #options: SiloOptions;
  readonly #definitions: ReadonlyMap<string, ActorDefinition>;
  readonly #markStopped: () => void;
  readonly #storageOwner: StorageOwner;
  /** They outlive the session in whose time they were made: a reference is good for ever. */
  readonly #references: References;
  /** The revision before this process first registered. */
  #since: number | undefined;
  #session: SiloSession;
  #stopping: Promise<void> | undefined;
  readonly #stopBegan: Condition;
  /** What comes after the loss of a lease. */
  readonly #background: BackgroundWork;
  /**
   * False while a session is starting: at first, and after a loss. One loop at a time sees to
   * that.
   */
  #isRunning = false;

  /**
   * Resolves when the silo is active. Rejects, with nothing left behind, if a definition, an option
   * or the cluster is wrong.
   */
  static async start(ports: SiloPorts, options: SiloOptions): Promise<Silo> {
    const silo = new Silo(ports, options);
    await silo.#session.start();
    silo.#isRunning = true;
    // It may have lost its lease while it was just becoming ready.
    if (silo.#session.isOver) silo.#background.add(silo.#rejoin());
    return silo;
  }

  private constructor(ports: SiloPorts, options: SiloOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#definitions = hostedDefinitions(options);
    this.#references = new References(this.#definitions, (target, method, args) =>
      this.#session.actors.call(target, method, args),
    );
    this.#stopBegan = new Condition(ports.clock);
    this.#background = new BackgroundWork((error) =>
      ports.logger.error({ reason: messageOf(error) }, "a lost lease could not be dealt with"),
    );
    this.#storageOwner = new StorageOwner({
      ...ports,
      cluster: options.cluster,
      adopts: options.adoptStorage === true,
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stopped = promise;
    this.#markStopped = resolve;
    this.#session = this.#createSession(options.listen);
  }

  /** New after each loss of the lease. */
  get siloId(): string {
    return this.#session.siloId;
  }

  [INSPECT](): string {
    const state = this.#session.isOver ? "not a member" : this.snapshot().state;
    return `Silo <${this.siloId} at ${this.address} of ${this.#options.cluster}, ${state}>`;
  }

  /** `host:port` at which the others reach it. */
  get address(): string {
    return this.#session.address;
  }

  /** The members as this silo knows them. */
  get view(): View {
    return this.#session.view;
  }

  actor<A extends Actor = never>(
    type: string,
    id: string,
    options?: CallOptions,
  ): [A] extends [never] ? UntypedActorRef : ActorRef<A>;
  actor<A extends Actor>(type: ActorClass<A>, id: string, options?: CallOptions): ActorRef<A>;
  actor(type: ActorClass | string, id: string, options?: CallOptions): object {
    return this.#references.actor(type, id, options);
  }

  worker<A extends Actor = never>(
    type: string,
    options?: CallOptions,
  ): [A] extends [never] ? UntypedActorRef : ActorRef<A>;
  worker<A extends Actor>(type: ActorClass<A>, options?: CallOptions): ActorRef<A>;
  worker(type: ActorClass | string, options?: CallOptions): object {
    return this.#references.worker(type, options);
  }

  actors<A extends Actor>(type: ActorClass<A>, options?: CallOptions): ActorSearchOf<A>;
  actors<A extends Actor = never>(
    type: string,
    options?: CallOptions,
  ): [A] extends [never] ? UntypedActorSearch : ActorSearchOf<A>;
  actors(type: ActorClass | string, options?: CallOptions): FoundActors {
    return this.#references.actors(type, options, this[ADMIN_LINK]);
  }

  deadLetters(type: ActorClass | string, id: string): DeadLetters {
    return this.#references.deadLetters(type, id, (target, turn, args) =>
      this.#session.actors.callSystem(target, turn, args),
    );
  }

  get [ADMIN_LINK](): AdminLink {
    return adminLink(
      () => this.view,
      (target, method, args) => this.#session.actors.callSystem(target, method, args),
    );
  }

  snapshot(): SiloSnapshot {
    return this.#session.snapshot;
  }

  /**
   * Drains: moves everything away, then leaves. No call fails by it. Stopping twice is harmless.
   */
  stop(): Promise<void> {
    if (this.#stopping === undefined) {
      this.#stopping = this.#stop().finally(this.#markStopped);
      this.#stopBegan.notify();
    }
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await this.#session.drain();
    await this.#background.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #createSession(listen: string): SiloSession {
    return new SiloSession({
      siloId: randomId(this.#ports.random),
      ports: this.#ports,
      options: { ...this.#options, listen },
      definitions: this.#definitions,
      storageOwner: this.#storageOwner,
      since: () => this.#readSince(),
      onLost: (ended) => this.#background.add(this.#afterLoss(ended)),
      onDrainRequested: () => void this.stop(),
    });
  }

  /** What keeps it out will not change: whoever keeps it alive has to start a newer one. */
  #giveUp(error: unknown): void {
    this.#ports.logger.error(
      { event: "silo_outdated", reason: messageOf(error) },
      "the silo cannot join again, and stops",
    );
    void this.stop();
  }

  async #readSince(): Promise<number> {
    if (this.#since === undefined) {
      const { revision } = await this.#ports.membership.list();
      this.#since = revision;
    }
    return this.#since;
  }

  async #afterLoss(ended: Promise<void>): Promise<void> {
    await ended;
    // While one is starting, whoever starts it finds out.
    if (this.#isRunning) await this.#rejoin();
  }

  /** Joins again where it listened before, so that an address that users know stays right. */
  async #rejoin(): Promise<void> {
    this.#isRunning = false;
    const { logger } = this.#ports;
    const listen =
      this.#options.advertise === undefined ? this.#session.address : this.#options.listen;
    while (this.#stopping === undefined) {
      this.#session = this.#createSession(listen);
      try {
        await this.#session.start();
        this.#isRunning = !this.#session.isOver;
        if (this.#isRunning) return;
      } catch (error) {
        const code = error instanceof TroupeError ? error.code : "INTERNAL";
        if (code === "BAD_DEFINITION") return this.#giveUp(error);
        logger.error(
          { code, reason: messageOf(error) },
          "the silo could not join again; trying again",
        );
        await this.#stopBegan.wait(() => this.#stopping !== undefined, REJOIN_EVERY_MS);
      }
    }
  }
}

/** Of the program's types, and of those that its extensions add. */
function hostedDefinitions({
  actors,
  extensions = [],
}: SiloOptions): ReadonlyMap<string, ActorDefinition> {
  const definitions = definitionsOf(actors);
  const added = extensions.flatMap((extension) => extension.types?.(definitions) ?? []);
  return added.length === 0 ? definitions : definitionsOf([...actors, ...added]);
}
