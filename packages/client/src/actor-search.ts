import { type Member, TroupeError, type View } from "@troupe/core";
import {
  type Actor,
  type ActorClass,
  type CallOptions,
  type IdsPage,
  type MethodName,
  SILO_ADMIN,
} from "@troupe/sdk";
import type { AdminLink } from "./admin-link.ts";
import { askAnySilo } from "./ask-any-silo.ts";
import {
  checkedIdQuery,
  type CheckedIdQuery,
  type IdList,
  type IdPage,
  type IdQuery,
  PagedIds,
} from "./id-list.ts";
import { readMany } from "./read-many.ts";

/** What one actor of `readMany` gave: as `Promise.allSettled` says it, with the actor's id. */
export type ReadResult<T> = PromiseSettledResult<T> & { readonly id: string };

type Arguments<F> = F extends (...args: infer P) => unknown ? P : never;
type Result<F> = F extends (...args: never) => infer R ? Awaited<R> : never;

/** The ids of the actors of one type. */
export interface ActorIds {
  /**
   * The ids that have something stored, whether the actors are active or not. They come in an order
   * of the storage's own. Whoever reads page after page misses none that is there all the time. A
   * page may hold fewer than `limit` though more follow, and with Redis a few more; now and then
   * Redis gives an id twice. An actor that was destroyed is listed for as long as durable sends or
   * repeated calls of it have to be told apart. A type that stores nothing lists nothing.
   *
   * @example
   * ```ts
   * for await (const id of cluster.actors(Account).list({ prefix: "eu/" })) console.log(id);
   * const { ids, next } = await cluster.actors(Account).list({ limit: 100 });
   * ```
   */
  list(query?: IdQuery): IdList;
  /**
   * The ids that are active now, over all silos, in the order of their UTF-16 units. Every page
   * asks every silo that hosts the type, and rejects if one does not answer.
   */
  active(query?: IdQuery): IdList;
}

/** The actors of one type: which there are, and what many of them say. */
export interface ActorSearchOf<A extends Actor> extends ActorIds {
  /**
   * Calls a method of many actors, 64 at a time, and gives what became of each call, in the order
   * of the ids. It wakes those that are not active; `actors(Type, { ifActive: true })` does not. A
   * call that fails is an entry like any other. At most 10,000 ids; `BAD_CONFIG` for more.
   *
   * @example
   * ```ts
   * const { ids } = await cluster.actors(Account).list();
   * const read = await cluster.actors(Account).readMany(ids, "balanceOf", "EUR");
   * for (const one of read) if (one.status === "fulfilled") console.log(one.id, one.value);
   * ```
   */
  readMany<M extends MethodName<A>>(
    ids: Iterable<string>,
    method: M,
    ...args: Arguments<A[M & keyof A]>
  ): Promise<ReadResult<Result<A[M & keyof A]>>[]>;
}

/** The same by the name of a type alone. */
export interface UntypedActorSearch extends ActorIds {
  /** As for a type that is known, with any method. */
  readMany(
    ids: Iterable<string>,
    method: string,
    ...args: readonly unknown[]
  ): Promise<ReadResult<unknown>[]>;
}

/** `actors(Account)` on a silo and on a client. */
export interface ActorSearch {
  /**
   * The actors of a type: their ids, and what many of them say. Options are those of the calls that
   * `readMany` makes.
   *
   * Its promises reject with `NO_SUCH_ACTOR_TYPE` if no silo hosts the type, with `BAD_CONFIG` for
   * a stateless worker or a query out of its limits, and with `FORBIDDEN` for a client that no rule
   * of access lets call the type.
   */
  actors<A extends Actor>(type: ActorClass<A>, options?: CallOptions): ActorSearchOf<A>;
  /** The same by the type's name, as for `actor`. */
  actors<A extends Actor = never>(
    type: string,
    options?: CallOptions,
  ): [A] extends [never] ? UntypedActorSearch : ActorSearchOf<A>;
}

/** Asks the silos for the ids of one type. */
export class FoundActors implements UntypedActorSearch {
  readonly #type: string;
  readonly #link: AdminLink;
  readonly #reference: (id: string) => object;

  constructor(type: string, link: AdminLink, reference: (id: string) => object) {
    this.#type = type;
    this.#link = link;
    this.#reference = reference;
  }

  list(query: IdQuery = {}): IdList {
    return new PagedIds(checkedIdQuery(query), (checked) => this.#stored(checked));
  }

  active(query: IdQuery = {}): IdList {
    return new PagedIds(checkedIdQuery(query), (checked) => this.#active(checked));
  }

  readMany(
    ids: Iterable<string>,
    method: string,
    ...args: readonly unknown[]
  ): Promise<ReadResult<unknown>[]> {
    return readMany(ids, (id) => this.#reference(id), { method, args });
  }

  /** Only the last page is empty: a silo may have looked at many others in vain. */
  async #stored(query: CheckedIdQuery): Promise<IdPage> {
    hostsOf(this.#link.view, this.#type);
    let { after } = query;
    while (true) {
      const request = { ...query, after };
      // oxlint-disable-next-line no-await-in-loop -- a page says where the next one begins.
      const { ids, next } = await askAnySilo(this.#link.view, SILO_ADMIN.listIds.name, (siloId) =>
        this.#ask(siloId, request, false),
      );
      if (ids.length > 0 || next === "") return { ids, next: next === "" ? undefined : next };
      after = next;
    }
  }

  /** Each silo gives its smallest, so the smallest of all are among them. */
  async #active(query: CheckedIdQuery): Promise<IdPage> {
    const hosts = hostsOf(this.#link.view, this.#type);
    const pages = await Promise.all(hosts.map(({ siloId }) => this.#activeOn(siloId, query)));
    // One that moves may be on two silos for a moment.
    const ids = [...new Set(pages.flatMap((page) => page.ids))].toSorted(byUnits);
    const page = ids.slice(0, query.limit);
    const hasMore = ids.length > page.length || pages.some(({ next }) => next !== "");
    return { ids: page, next: hasMore ? page.at(-1) : undefined };
  }

  /** A silo that has left since has nothing active any more. */
  async #activeOn(siloId: string, query: CheckedIdQuery): Promise<IdsPage> {
    try {
      return await this.#ask(siloId, query, true);
    } catch (error) {
      const isMember = this.#link.view.members.some((member) => member.siloId === siloId);
      if (isMember) throw error;
      return { ids: [], next: "" };
    }
  }

  async #ask(
    siloId: string,
    { prefix, after, limit }: CheckedIdQuery,
    active: boolean,
  ): Promise<IdsPage> {
    const { name, response } = SILO_ADMIN.listIds;
    const request = { type: this.#type, prefix, active, pageSize: limit, cursor: after };
    return response.read(await this.#link.askSilo(siloId, name, request), `${name} of ${siloId}`);
  }
}

/** The silos that host the type. Throws if none does, or if it is a stateless worker. */
function hostsOf({ members }: View, type: string): readonly Member[] {
  const ready = members.filter(({ state }) => state !== "joining");
  if (ready.length === 0) {
    const message = `the actors of ${type} cannot be listed, because no silo is active`;
    throw new TroupeError("CLUSTER_UNAVAILABLE", message);
  }
  const hosts = ready.filter(({ types }) => Object.hasOwn(types, type));
  if (hosts.length === 0) {
    const known = [...new Set(ready.flatMap(({ types }) => Object.keys(types)))].toSorted();
    const message = `no silo hosts the actor type ${type}; the types are ${known.join(", ")}`;
    throw new TroupeError("NO_SUCH_ACTOR_TYPE", message);
  }
  if (hosts.some(({ types }) => types[type]?.placement.anywhere === true)) {
    const message = `${type} is a stateless worker: it has no ids that could be listed`;
    throw new TroupeError("BAD_CONFIG", message);
  }
  return hosts;
}

function byUnits(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
