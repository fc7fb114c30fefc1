/**
 * What a process may do in a cluster. A `silo` hosts actors and is believed what it says about
 * them. A `client` calls actors. An `operator` calls actors, sees their state and steers silos.
 */
export type Role = "silo" | "client" | "operator";

/** How the id of every client begins, and that of no silo; and no name that is proven. */
export const CLIENT_PREFIX = "client-";

/** Every role that a peer of a link can have. */
export const ROLES: readonly Role[] = ["silo", "client", "operator"];

/** Who is at the other end of a link. It was proven when the link was opened, and never claimed. */
export interface Principal {
  readonly role: Role;
  /**
   * The id of a silo. For others the name whose secret they have proven, or that of their
   * certificate. Who has neither has the id of the client, which begins with `client-`.
   */
  readonly name: string;
}
