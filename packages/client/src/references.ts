import { type ActorAddress, formatAddress, TroupeError } from "@troupe/core";
import {
  type Actor,
  type ActorClass,
  type ActorDefinition,
  type ActorRef,
  type CallOptions,
  definitionOf,
  type UntypedActorRef,
} from "@troupe/sdk";
import { FoundActors } from "./actor-search.ts";
import type { AdminLink } from "./admin-link.ts";
import { createReference, type MakeCall, noSuchMethod } from "./actor-reference.ts";
import { callTarget, isName, isSystemName, workerTarget } from "./caller.ts";
import { ActorDeadLetters, type DeadLetters } from "./dead-letters.ts";

/** `actor(Account, "alice")` on a silo, a client, and in a turn. */
export interface ActorReferences {
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
   * A reference to an actor. Making one costs nothing and waits for nothing.
   *
   * @example
   * ```ts
   * await cluster.actor(Account, "alice", { timeout: "2s" }).deposit(5);
   * ```
   */
  actor<A extends Actor>(type: ActorClass<A>, id: string, options?: CallOptions): ActorRef<A>;
  /** A reference to a stateless worker by the type's name, as for `actor`. */
  worker<A extends Actor = never>(
    type: string,
    options?: CallOptions,
  ): [A] extends [never] ? UntypedActorRef : ActorRef<A>;
  /**
   * A reference to a stateless worker (`statelessWorker`). Each call is served by the silo of this
   * process if it hosts the type, else by another that does.
   *
   * @example
   * ```ts
   * await cluster.worker(Thumbnail).render(image);
   * ```
   */
  worker<A extends Actor>(type: ActorClass<A>, options?: CallOptions): ActorRef<A>;
}

/** Makes references whose calls all go the same way. */
export class References {
  readonly #call: MakeCall;
  readonly #definitions: ReadonlyMap<string, ActorDefinition>;

  constructor(definitions: ReadonlyMap<string, ActorDefinition>, call: MakeCall) {
    this.#call = call;
    this.#definitions = definitions;
  }

  /**
   * For what a user passed as `actor(type, id, options)`. Throws on a wrong class, type name, id or
   * option.
   */
  actor(type: ActorClass | string, id: string, options: CallOptions | undefined): object {
    if (typeof type === "string") return this.reference({ type, id }, options);
    const definition = definitionOf(type);
    checkIsNoWorker(definition);
    return createReference(
      callTarget({ type: definition.name, id }, definition, options),
      this.#call,
    );
  }

  /** For what a user passed as `worker(type, options)`. Throws on a wrong class, name or option. */
  worker(type: ActorClass | string, options: CallOptions | undefined): object {
    const definition = typeof type === "string" ? this.#definitions.get(type) : definitionOf(type);
    const name = definition?.name ?? String(type);
    if (definition !== undefined && definition.worker === undefined) {
      const message = `${name} is no stateless worker; call it by actor(${name}, id), or give it statelessWorker`;
      throw new TroupeError("BAD_CONFIG", message);
    }
    return createReference(workerTarget(name, definition, options), this.#call);
  }

  /** The actors of a type. Throws on a wrong class, type name or option, and for a worker. */
  actors(
    type: ActorClass | string,
    options: CallOptions | undefined,
    link: AdminLink,
  ): FoundActors {
    const definition = typeof type === "string" ? this.#definitions.get(type) : definitionOf(type);
    checkIsNoWorker(definition);
    const name = definition?.name ?? String(type);
    // So that a wrong option is told at once, and not by each call.
    this.#reference({ type: name, id: "any" }, definition, options);
    return new FoundActors(name, link, (id) =>
      this.#reference({ type: name, id }, definition, options),
    );
  }

  #reference(
    address: ActorAddress,
    definition: ActorDefinition | undefined,
    options: CallOptions | undefined,
  ): object {
    checkTypeName(address);
    return createReference(callTarget(address, definition, options), this.#call);
  }

  /** The dead letters of an actor. Throws on a wrong class, type name or id. */
  deadLetters(type: ActorClass | string, id: string, callSystem: MakeCall): DeadLetters {
    const address = { type: typeof type === "string" ? type : definitionOf(type).name, id };
    checkTypeName(address);
    const target = callTarget(address, undefined, undefined);
    return new ActorDeadLetters(address, async (turn, args) => callSystem(target, turn, [...args]));
  }

  /**
   * A reference whose methods do not call, but `post`. Throws `NO_SUCH_METHOD` as a call would
   * reject with it.
   */
  sendReference(
    type: string,
    id: string,
    post: (to: ActorAddress, method: string, args: readonly unknown[]) => void,
  ): object {
    const target = callTarget({ type, id }, this.#definitions.get(type), undefined);
    checkIsNoWorker(target.definition);
    return createReference(target, ({ address, definition }, method, args) => {
      const isUnknown = definition !== undefined && definition.methodOf(method) === undefined;
      if (isUnknown || !isName(method) || isSystemName(method))
        throw noSuchMethod(address, method, definition);
      if (definition?.methodOf(method)?.concurrency === "stream") {
        const message = `${formatAddress(address)}.${method}() is a stream, and a durable send reads nothing; send to a method that is none`;
        throw new TroupeError("NO_SUCH_METHOD", message);
      }
      post(address, method, args);
    });
  }

  /** For an address that came with a message or is known by name. */
  reference(address: ActorAddress, options?: CallOptions): object {
    return this.#reference(address, this.#definitions.get(address.type), options);
  }
}

function checkIsNoWorker(definition: ActorDefinition | undefined): void {
  if (definition?.worker === undefined) return;
  const { name } = definition;
  const message = `${name} is a stateless worker: it has no ids, and takes no durable sends; call it by worker(${name})`;
  throw new TroupeError("BAD_CONFIG", message);
}

function checkTypeName(address: ActorAddress): void {
  if (typeof address.type === "string" && address.type !== "") return;
  throw new TroupeError(
    "NO_SUCH_ACTOR_TYPE",
    `${formatAddress(address)} has no actor type; give a class or its name`,
  );
}
