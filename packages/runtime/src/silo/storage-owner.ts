import {
  type Clock,
  type Logger,
  type MembershipProvider,
  messageOf,
  type Random,
  randomId,
  type StateStore,
  TroupeError,
  withTimeout,
} from "@troupe/core";

/** A store that has not answered by then is taken to be away. */
const STORE_TIMEOUT_MS = 5_000;

export interface StorageOwnerParts {
  readonly cluster: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly membership: MembershipProvider;
  readonly stateStore: StateStore;
  /** Takes over a store that another membership has written. */
  readonly adopts: boolean;
}

/**
 * Sees to it that the actors of a store belong to the membership of this silo. Two clusters on one
 * store would fence each other, and after a membership was lost or switched, claims under lower
 * numbers of views would be refused for ever.
 *
 * OWN-1. The first silo that uses a store notes the id of its membership there. A silo whose
 *     membership has another id does not start (`BAD_CONFIG`), unless it is told to take the store
 *     over.
 * OWN-2. Whoever takes a store over first raises the numbers of views to the wall clock, which is
 *     above those of every claim: the numbers of each membership begin with the wall clock.
 * OWN-3. A silo that runs when its membership is lost carries the store over to the one that was
 *     made anew: it was a rightful user of the store, and there is no other.
 * OWN-4. A store that is away keeps no silo from joining (D6); the next join looks again.
 */
export class StorageOwner {
  readonly #parts: StorageOwnerParts;
  /** The membership that this silo has been a member of. */
  #known: string | undefined;

  constructor(parts: StorageOwnerParts) {
    this.#parts = parts;
  }

  /** To be called before each join. Rejects with `BAD_CONFIG` if the store is another's. */
  async check(): Promise<void> {
    const { membership, random, cluster, adopts, logger } = this.#parts;
    const own = await membership.identity(randomId(random));
    const noted = await this.#noted(own);
    if (noted === undefined) return;
    const isCarriedOver = this.#known !== undefined && noted === this.#known;
    if (noted !== own) {
      if (!isCarriedOver && !(adopts && this.#known === undefined))
        throw foreignStorage(cluster, own, noted);
      await this.#takeOver(own);
      logger.warn(
        { event: "storage_adopted", membership: own, before: noted },
        "the stored actors belong to this membership from now on",
      );
    }
    this.#known = own;
  }

  /** The membership that is noted in the store, or undefined if the store is away (OWN-4). */
  async #noted(own: string): Promise<string | undefined> {
    const { stateStore, clock, logger } = this.#parts;
    try {
      const noted = stateStore.identify(own, "keep");
      return await withTimeout(clock, STORE_TIMEOUT_MS, noted, throwTimeout);
    } catch (error) {
      logger.warn(
        { event: "storage_unchecked", reason: messageOf(error) },
        "whose the stored actors are could not be found out, because the store does not answer",
      );
      return undefined;
    }
  }

  async #takeOver(own: string): Promise<void> {
    const { stateStore, membership, clock } = this.#parts;
    await membership.raise(Math.floor(clock.now()));
    await stateStore.identify(own, "replace");
  }
}

function throwTimeout(): never {
  throw new TroupeError("STORE_UNAVAILABLE", `no answer within ${STORE_TIMEOUT_MS} ms`);
}

function foreignStorage(cluster: string, own: string, noted: string): TroupeError {
  const message = `the storage of cluster ${cluster} holds the actors of membership ${noted}, and this silo's membership is ${own}: another cluster of this name uses the same storage, or the membership was lost or moved. Give the other cluster another name or storage; or, if no silo of membership ${noted} runs any more, take its actors over with adoptStorage (--adopt-storage)`;
  return new TroupeError("BAD_CONFIG", message);
}
