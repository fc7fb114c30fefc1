/**
 * What a process may do in a cluster. A `silo` hosts actors and is believed what it says about
 * them. A `client` calls actors. An `operator` calls actors, sees their state and steers silos.
 */
export type Role = "silo" | "client" | "operator";

/** Every role that a peer of a link can have. */
export const ROLES: readonly Role[] = ["silo", "client", "operator"];

/** Who is at the other end of a link. It was proven when the link was opened, and never claimed. */
export interface Principal {
  readonly role: Role;
  /** The id of a silo; for others the name in their certificate, or else the id of the client. */
  readonly name: string;
}
