import type { ActorAddress, Duration, View } from "@troupe/core";
import { type CallTarget, callTarget } from "./caller.ts";
import { SILO_TYPE } from "./placement.ts";

/** A silo answers from memory, or from a store that gives up within seconds. */
const DEFAULT_TIMEOUT: Duration = "5s";

/** How an operator's questions travel, on the links that calls to actors use as well. */
export interface AdminLink {
  /** The members as this process knows them. */
  readonly view: View;
  /** Asks one silo. `AdminClient` of `@troupe/admin` knows the questions and their answers. */
  askSilo(
    siloId: string,
    method: string,
    request: unknown,
    options?: { readonly timeout?: Duration },
  ): Promise<unknown>;
  /**
   * Runs a turn that every actor offers to operators, such as `$reminders`. It wakes the actor.
   * Only what the actor's owner answers itself, such as `$show`, does not.
   */
  askActor(address: ActorAddress, turn: `$${string}`, args: readonly unknown[]): Promise<unknown>;
}

/** The way in for `AdminClient`. Programs use that, and no program needs this symbol. */
export const ADMIN_LINK: unique symbol = Symbol.for("troupe.adminLink");

/** A client of a cluster, or a silo: what an `AdminClient` is made of. */
export interface Administered {
  readonly [ADMIN_LINK]: AdminLink;
}

/** The link of a client or silo whose calls `call` makes. */
export function adminLink(
  view: () => View,
  call: (target: CallTarget, method: string, args: unknown[]) => Promise<unknown>,
): AdminLink {
  return {
    get view() {
      return view();
    },
    askSilo: (siloId, method, request, { timeout = DEFAULT_TIMEOUT } = {}) =>
      call(callTarget({ type: SILO_TYPE, id: siloId }, undefined, { timeout }), method, [request]),
    askActor: (address, turn, args) =>
      call(callTarget(address, undefined, undefined), turn, [...args]),
  };
}
