import {
  type ActorAddress,
  type Claim,
  type ClaimResult,
  type Commit,
  type CommitResult,
  type DueEntry,
  type ReminderStore,
  type StateStore,
  TroupeError,
} from "@troupe/core";

/**
 * `up`: every call reaches the store. `away`: every call is refused. `deaf`: calls reach the store,
 * and their answers are lost. `dead`: no call reaches the store or is ever answered, as for a
 * process that was killed.
 */
export type StoreFault = "up" | "away" | "deaf" | "dead";

/** One silo's way to the stores, with faults to order. */
export class FallibleStores {
  fault: StoreFault = "up";
  /** Commits that reached the store. */
  commits = 0;
  #held: Promise<void> | undefined;
  readonly stateStore: StateStore;
  readonly reminderStore: ReminderStore;

  constructor(stateStore: StateStore, reminderStore: ReminderStore) {
    this.stateStore = {
      claim: (address: ActorAddress, claim: Claim): Promise<ClaimResult> =>
        this.#through(() => stateStore.claim(address, claim)),
      commit: (address: ActorAddress, commit: Commit): Promise<CommitResult> =>
        this.#through(() => {
          this.commits++;
          return stateStore.commit(address, commit);
        }),
      read: (address, prefix) => this.#through(() => stateStore.read(address, prefix)),
      retire: (address, retirement) => this.#through(() => stateStore.retire(address, retirement)),
      identify: (membership, mode) => this.#through(() => stateStore.identify(membership, mode)),
      list: (query) => this.#through(() => stateStore.list(query)),
      close: () => stateStore.close(),
    };
    this.reminderStore = {
      add: (entries: readonly DueEntry[]) => this.#through(() => reminderStore.add(entries)),
      remove: (entries: readonly DueEntry[]) => this.#through(() => reminderStore.remove(entries)),
      due: (buckets: readonly number[], until: number, limit: number, after?: DueEntry) =>
        this.#through(() => reminderStore.due(buckets, until, limit, after)),
      close: () => reminderStore.close(),
    };
  }

  /** Calls wait at the door until the hold is released. */
  hold(): { release(): void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return {
      release: () => {
        this.#held = undefined;
        resolve();
      },
    };
  }

  async #through<T>(call: () => Promise<T>): Promise<T> {
    await this.#held;
    switch (this.fault) {
      case "up":
        return await call();
      case "away":
        throw new TroupeError("STORE_UNAVAILABLE", "the store of this test is away");
      case "deaf":
        await call();
        throw new TroupeError("STORE_UNAVAILABLE", "the answer of this test's store was lost");
      case "dead":
        return await new Promise<T>(() => undefined);
    }
  }
}
