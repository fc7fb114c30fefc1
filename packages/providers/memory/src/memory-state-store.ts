import {
  formatAddress,
  TroupeError,
  type ActorAddress,
  type Claim,
  type ClaimResult,
  type Commit,
  type CommitResult,
  type Fields,
  type StateStore,
} from "@troupe/core";

interface StoredActor {
  revision: number;
  siloId: string;
  epoch: number;
  version: number;
  readonly fields: Map<string, Uint8Array>;
}

/**
 * The stored actors themselves: they outlive the stores that are opened on them, as a disk outlives
 * its processes.
 */
export class MemoryStates {
  readonly #actors = new Map<string, StoredActor>();

  claim(address: ActorAddress, { revision, siloId }: Claim): ClaimResult {
    const key = formatAddress(address);
    const stored = this.#actors.get(key);
    if (
      stored !== undefined &&
      (revision < stored.revision || (revision === stored.revision && siloId !== stored.siloId))
    ) {
      return { kind: "refused", revision: stored.revision, siloId: stored.siloId };
    }
    const actor = stored ?? {
      revision,
      siloId,
      epoch: 0,
      version: 0,
      fields: new Map<string, Uint8Array>(),
    };
    actor.revision = revision;
    actor.siloId = siloId;
    actor.epoch++;
    this.#actors.set(key, actor);
    return {
      kind: "claimed",
      epoch: actor.epoch,
      version: actor.version,
      fields: copyOf(actor.fields),
    };
  }

  commit(address: ActorAddress, { epoch, version, set, remove }: Commit): CommitResult {
    const actor = this.#actors.get(formatAddress(address));
    // A version that is not the next one shows that the owner's memory is not what is stored here,
    // so it must load again.
    if (actor === undefined || epoch !== actor.epoch || version > actor.version + 1) {
      return { kind: "fenced", epoch: actor?.epoch ?? 0 };
    }
    // Under the same epoch only its owner commits, so a version that is here already is a
    // repetition.
    if (version <= actor.version) return { kind: "stored" };
    for (const name of remove) actor.fields.delete(name);
    for (const [name, bytes] of copyOf(set)) actor.fields.set(name, bytes);
    actor.version = version;
    return { kind: "stored" };
  }
}

/** A `StateStore` on this process's memory. Several may be open on one `MemoryStates`. */
export class MemoryStateStore implements StateStore {
  readonly #states: MemoryStates;
  #closed = false;

  constructor(states: MemoryStates = new MemoryStates()) {
    this.#states = states;
  }

  async claim(address: ActorAddress, claim: Claim): Promise<ClaimResult> {
    this.#checkOpen();
    return this.#states.claim(address, claim);
  }

  async commit(address: ActorAddress, commit: Commit): Promise<CommitResult> {
    this.#checkOpen();
    return this.#states.commit(address, commit);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new TroupeError("STORE_UNAVAILABLE", "this state store was closed", {
        ran: "no",
        retryable: false,
      });
  }
}

function copyOf(fields: Fields): Map<string, Uint8Array> {
  return new Map(Array.from(fields, ([name, bytes]) => [name, Uint8Array.from(bytes)]));
}
