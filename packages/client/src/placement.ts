import {
  type ActorAddress,
  formatAddress,
  hasLabels,
  inForceOf,
  type Member,
  REMINDER_BUCKETS,
  type TypePlacement,
  type View,
} from "@troupe/core";
import { type Ring, ringOf } from "./ring.ts";

/**
 * The type of the system actor that every silo is: its id is the silo's, and the silo itself
 * answers.
 */
export const SILO_TYPE = "$silo";

/** The silos among which the actors of one type are shared out, and how. */
interface Share {
  readonly ring: Ring;
  readonly separator: string | undefined;
  /** The silos that serve the calls of a stateless worker; undefined for other types. */
  readonly workers: readonly string[] | undefined;
}

const ALL_BUCKETS: ReadonlySet<number> = new Set(Array.from({ length: REMINDER_BUCKETS }).keys());

/**
 * Who owns which actor in one view: the active silos that run the definition of its type that is in
 * force, and have the labels that the type asks for, share the type's actors by consistent hashing.
 *
 * PLACE-1. The owner is a function of the view alone, so all processes that hold the same view
 *     agree.
 */
export class Placement {
  readonly view: View;
  readonly #members = new Map<string, Member>();
  readonly #shares = new Map<string, Share>();
  readonly #buckets = new Map<string, ReadonlySet<number>>();

  constructor(view: View) {
    this.view = view;
    for (const member of view.members) this.#members.set(member.siloId, member);
  }

  get revision(): number {
    return this.view.revision;
  }

  get hasActiveMember(): boolean {
    return this.view.members.some((member) => member.state === "active");
  }

  member(siloId: string): Member | undefined {
    return this.#members.get(siloId);
  }

  /**
   * The silo that owns the actor, or undefined if no active silo hosts its type and has the labels.
   * `key` is what `formatAddress` gives.
   */
  ownerOf(address: ActorAddress, key = formatAddress(address)): Member | undefined {
    if (address.type === SILO_TYPE) return this.#members.get(address.id);
    const share = this.#shareOf(address.type);
    if (share?.workers !== undefined) return this.#workerAt(address.id, share.workers);
    const siloId = share?.ring.ownerOf(placeOf(address.id, key, share.separator));
    return siloId === undefined ? undefined : this.#members.get(siloId);
  }

  /** The silos that serve calls of a stateless worker; undefined if the type is none. */
  workersOf(type: string): readonly string[] | undefined {
    return this.#shareOf(type)?.workers;
  }

  /** True if an active silo hosts the type, and its definition is in force. */
  hosts(type: string): boolean {
    return this.#hostsOf(type).length > 0;
  }

  /** Instances of a worker have the id of their silo, and a number behind a slash. */
  #workerAt(id: string, workers: readonly string[]): Member | undefined {
    const end = id.indexOf("/");
    const siloId = end < 0 ? id : id.slice(0, end);
    return workers.includes(siloId) ? this.#members.get(siloId) : undefined;
  }

  /** The reminder buckets in which the silo owns keys of any type. */
  bucketsOf(siloId: string): ReadonlySet<number> {
    const known = this.#buckets.get(siloId);
    if (known !== undefined) return known;
    const buckets = this.#findBuckets(siloId);
    this.#buckets.set(siloId, buckets);
    return buckets;
  }

  #findBuckets(siloId: string): ReadonlySet<number> {
    const types = Object.keys(this.#members.get(siloId)?.types ?? {});
    const shares = types.map((type) => this.#shareOf(type));
    // Buckets are parts of the ring by keys: they say nothing of actors that are placed otherwise.
    if (shares.some((share) => share?.separator !== undefined && share.ring.has(siloId)))
      return ALL_BUCKETS;
    // Most types are hosted by the same silos, and share a ring.
    const rings = new Set(shares.map((share) => share?.ring));
    const owned = Array.from(rings, (ring) => ring?.bucketsOf(siloId) ?? []);
    return new Set(owned.flatMap((buckets) => [...buckets]));
  }

  /**
   * The silos that own in another view what the silo owns in this one, and maybe the silo itself;
   * undefined if it could be any, because a type is placed otherwise there. Workers move nowhere.
   */
  heirsOf(siloId: string, next: Placement): ReadonlySet<string> | undefined {
    const heirs = new Set<string>();
    // Most types are hosted by the same silos, and share a ring.
    const seen = new Map<Ring, Ring>();
    for (const type of Object.keys(this.#members.get(siloId)?.types ?? {})) {
      const [share, later] = [this.#shareOf(type), next.#shareOf(type)];
      if (share === undefined || later === undefined || !share.ring.has(siloId)) continue;
      if (share.separator !== later.separator || isWorker(share) !== isWorker(later))
        return undefined;
      if (isWorker(share) || seen.get(share.ring) === later.ring) continue;
      seen.set(share.ring, later.ring);
      for (const heir of share.ring.heirsOf(siloId, later.ring)) heirs.add(heir);
    }
    return heirs;
  }

  /** The labels that a type asks for and none of its hosts has; undefined if it has no host. */
  missingLabels(type: string): TypePlacement["labels"] | undefined {
    const [first] = this.#hostsOf(type);
    return first?.types[type]?.placement.labels;
  }

  /** The active silos that host the type by a definition that is not in force. */
  waitingHostsOf(type: string): Member[] {
    const inForce = this.#hostsOf(type);
    return this.#allHostsOf(type).filter((host) => !inForce.includes(host));
  }

  #hostsOf(type: string): Member[] {
    const digest = inForceOf(this.view, type)?.digest;
    const hosts = this.#allHostsOf(type);
    return digest === undefined
      ? hosts
      : hosts.filter(({ types }) => types[type]?.digest === digest);
  }

  #allHostsOf(type: string): Member[] {
    return this.view.members.filter(
      ({ state, types }) => state === "active" && Object.hasOwn(types, type),
    );
  }

  #shareOf(type: string): Share | undefined {
    const known = this.#shares.get(type);
    if (known !== undefined) return known;
    const hosts = this.#hostsOf(type);
    // Silos that run the same definition and place it otherwise than the first are not let in.
    const { labels = {}, separator, anywhere } = hosts[0]?.types[type]?.placement ?? {};
    const suitable = hosts.filter((host) => hasLabels(host.labels, labels));
    // A client may ask for any name; only those that exist are worth remembering.
    if (suitable.length === 0) return undefined;
    const share = {
      ring: ringOf(suitable.map(({ siloId, capacity = 1 }) => ({ siloId, capacity }))),
      separator,
      workers: anywhere === true ? suitable.map(({ siloId }) => siloId) : undefined,
    };
    this.#shares.set(type, share);
    return share;
  }
}

function isWorker({ workers }: Share): boolean {
  return workers !== undefined;
}

/** What is hashed: the key, or what all actors have that live together. No type has no name. */
function placeOf(id: string, key: string, separator: string | undefined): string {
  if (separator === undefined) return key;
  const end = id.indexOf(separator);
  return `/${end < 0 ? id : id.slice(0, end)}`;
}
