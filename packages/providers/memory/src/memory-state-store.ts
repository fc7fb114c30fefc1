import {
  TroupeError,
  type ActorAddress,
  type ListPage,
  type ListQuery,
  type Claim,
  type ClaimResult,
  type Commit,
  type CommitResult,
  type IdentifyMode,
  type Retirement,
  type StateStore,
  type StoredFields,
} from "@troupe/core";
import { MemoryStates } from "./memory-states.ts";

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

  async read(address: ActorAddress, prefix: string): Promise<StoredFields | undefined> {
    this.#checkOpen();
    return this.#states.read(address, prefix);
  }

  async retire(address: ActorAddress, retirement: Retirement): Promise<CommitResult> {
    this.#checkOpen();
    return this.#states.retire(address, retirement);
  }

  async list(query: ListQuery): Promise<ListPage> {
    this.#checkOpen();
    return this.#states.list(query);
  }

  async identify(membership: string, mode: IdentifyMode): Promise<string> {
    this.#checkOpen();
    return this.#states.identify(membership, mode);
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
