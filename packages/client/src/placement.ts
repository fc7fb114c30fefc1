import { type Member, type View, formatAddress, type ActorAddress } from "@troupe/core";
import { type Ring, ringOf } from "./ring.ts";

/**
 * The type of the system actor that every silo is: its id is the silo's, and the silo itself
 * answers.
 */
export const SILO_TYPE = "$silo";

/**
 * Who owns which actor in one view: the active silos that host its type share the type's actors by
 * consistent hashing. All processes that hold the same view agree.
 */
export class Placement {
  readonly view: View;
  readonly #members = new Map<string, Member>();
  readonly #rings = new Map<string, Ring>();

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
   * The silo that owns the actor, or undefined if no active silo hosts its type. `key` is what
   * `formatAddress` gives.
   */
  ownerOf(address: ActorAddress, key = formatAddress(address)): Member | undefined {
    if (address.type === SILO_TYPE) return this.#members.get(address.id);
    const siloId = this.#ringOf(address.type)?.ownerOf(key);
    return siloId === undefined ? undefined : this.#members.get(siloId);
  }

  /** The reminder buckets in which the silo owns keys of any type. */
  bucketsOf(siloId: string): ReadonlySet<number> {
    const types = Object.keys(this.#members.get(siloId)?.types ?? {});
    // Most types are hosted by the same silos, and share a ring.
    const rings = new Set(types.map((type) => this.#ringOf(type)));
    const buckets = new Set<number>();
    for (const ring of rings) {
      for (const bucket of ring?.bucketOwners().get(siloId) ?? []) buckets.add(bucket);
    }
    return buckets;
  }

  #ringOf(type: string): Ring | undefined {
    const known = this.#rings.get(type);
    if (known !== undefined) return known;
    const hosts = this.view.members.filter(
      ({ state, types }) => state === "active" && Object.hasOwn(types, type),
    );
    // A client may ask for any name; only those that exist are worth remembering.
    if (hosts.length === 0) return undefined;
    const ring = ringOf(hosts.map(({ siloId }) => siloId));
    this.#rings.set(type, ring);
    return ring;
  }
}
