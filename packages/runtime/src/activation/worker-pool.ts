import type { ActorAddress } from "@troupe/core";
import type { ActorDefinition, WorkerDefinition } from "@troupe/sdk";
import type { Activation } from "./activation.ts";
import type { Catalog } from "./catalog.ts";

/**
 * The instances of stateless workers on one silo: activations whose ids are the silo's id and a
 * number.
 *
 * POOL-1. A call goes to an instance that is free, to a new one while there are fewer than
 *         `perSilo`, or waits for the one that has least to do.
 * POOL-2. At most `mailboxMax` calls of a type wait on one silo.
 */
export class WorkerPool {
  readonly #siloId: string;
  readonly #catalog: Catalog;

  constructor(siloId: string, catalog: Catalog) {
    this.#siloId = siloId;
    this.#catalog = catalog;
  }

  /** The instance for the next call; undefined if too many calls wait (POOL-2). */
  place(
    { name, mailboxMax }: ActorDefinition,
    { perSilo }: WorkerDefinition,
  ): ActorAddress | undefined {
    let least: { readonly address: ActorAddress; readonly load: number } | undefined;
    let waiting = 0;
    // An instance that is just being loaded runs the first of those that wait there at once.
    for (let index = 1; index <= perSilo; index++) {
      const address = { type: name, id: `${this.#siloId}/${index}` };
      const instance = this.#catalog.find(address);
      const load = instance === undefined ? 0 : loadOf(instance);
      if (load === 0) return address;
      if (instance?.isEnding === false) waiting += load - 1;
      if (least === undefined || load < least.load) least = { address, load };
    }
    return waiting >= mailboxMax ? undefined : least?.address;
  }

  /** The instances that there are. */
  *instances(type: string, { perSilo }: WorkerDefinition): Iterable<Activation> {
    for (let index = 1; index <= perSilo; index++) {
      const instance = this.#catalog.find({ type, id: `${this.#siloId}/${index}` });
      if (instance !== undefined) yield instance;
    }
  }
}

/** One that ends takes no call, and its successor has to wait for it. */
function loadOf(instance: Activation): number {
  return instance.isEnding ? Number.MAX_SAFE_INTEGER : instance.waiting + instance.runningTurns;
}
