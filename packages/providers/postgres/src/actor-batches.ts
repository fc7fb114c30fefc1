import {
  type ActorAddress,
  type Claim,
  type ClaimResult,
  type Commit,
  type CommitResult,
  formatAddress,
  randomId,
  type Retirement,
  systemRandom,
} from "@troupe/core";
import type { Batch, Settle } from "./batch.ts";
import { CLAIMS_MAX, ClaimBatch } from "./claim-batch.ts";
import { CommitBatch } from "./commit-batch.ts";
import type { PostgresConnection } from "./postgres-connection.ts";
import type { StoreFunctions } from "./store-functions.ts";

/** While one is at work in PostgreSQL, the next is there already. */
const BATCHES_UNDER_WAY = 2;

/** What has waited for so long behind others is not begun any more. */
const WAIT_MAX_MS = 1_500;

/**
 * The claims and commits of a store. Those that come while others are under way wait for them, and
 * go together: a batch is one round trip, one transaction and one write to the disk.
 *
 * BAT-1. Requests for one actor take effect in the order they were made: a batch has at most one
 *     for each actor, and batches are sent in their order on one connection.
 * BAT-2. One that is fenced or refused takes no other of its batch along. When the statement or
 *     the connection fails, all of its batch fail, and whether they took effect is unknown.
 * BAT-3. Each request settles in bounded time, also when many wait.
 */
export class ActorBatches {
  readonly #connection: PostgresConnection;
  readonly #functions: StoreFunctions;
  /** Tells the claims of this store from those of every other. */
  readonly #store = randomId(systemRandom, 8);
  #claimNumber = 0;
  /** Less after a failure: the states of many actors may be too much for one answer in time. */
  #claimsMax = CLAIMS_MAX;
  /** The actors of the two batches that still take requests. */
  readonly #actors = new Set<string>();
  #claims: ClaimBatch | undefined;
  #commits: CommitBatch | undefined;
  /** Those that take no further request, in their order. */
  readonly #sealed: Batch[] = [];
  #underWay = 0;
  #isFlushing = false;

  constructor(connection: PostgresConnection, functions: StoreFunctions) {
    this.#connection = connection;
    this.#functions = functions;
  }

  claim(address: ActorAddress, claim: Claim): Promise<ClaimResult> {
    return new Promise((resolve, reject) => {
      this.#makeRoom(address);
      const number = ++this.#claimNumber;
      this.#openClaims().add({ address, claim, number, settle: { resolve, reject } });
      this.#flushSoon();
    });
  }

  commit(address: ActorAddress, commit: Commit): Promise<CommitResult> {
    return this.#change(address, (batch, settle) => batch.addCommit(address, commit, settle));
  }

  retire(address: ActorAddress, end: Retirement): Promise<CommitResult> {
    return this.#change(address, (batch, settle) => batch.addRetirement(address, end, settle));
  }

  #change(
    address: ActorAddress,
    add: (batch: CommitBatch, settle: Settle<CommitResult>) => void,
  ): Promise<CommitResult> {
    return new Promise((resolve, reject) => {
      this.#makeRoom(address);
      add(this.#openCommits(), { resolve, reject });
      this.#flushSoon();
    });
  }

  /** Ends the open batches if one of them has a request for the actor, or takes no more (BAT-1). */
  #makeRoom(address: ActorAddress): void {
    const actor = formatAddress(address);
    const isFull = this.#claims?.isFull === true || this.#commits?.isFull === true;
    if (isFull || this.#actors.has(actor)) this.#seal();
    this.#actors.add(actor);
  }

  #seal(): void {
    for (const batch of [this.#claims, this.#commits])
      if (batch !== undefined) this.#sealed.push(batch);
    this.#claims = undefined;
    this.#commits = undefined;
    this.#actors.clear();
  }

  #openClaims(): ClaimBatch {
    return (this.#claims ??= new ClaimBatch({
      call: this.#functions.claim.call,
      store: this.#store,
      claimsMax: this.#claimsMax,
      openedAt: this.#now(),
    }));
  }

  #openCommits(): CommitBatch {
    return (this.#commits ??= new CommitBatch(this.#functions.commit.call, this.#now()));
  }

  #now(): number {
    return this.#connection.clock.monotonic();
  }

  #flushSoon(): void {
    if (this.#isFlushing || this.#underWay === BATCHES_UNDER_WAY) return;
    this.#isFlushing = true;
    // After all promises of this tick, so that what they lead to is in the batch.
    process.nextTick(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isFlushing = false;
    while (this.#underWay < BATCHES_UNDER_WAY) {
      if (this.#sealed.length === 0) this.#seal();
      const batch = this.#sealed.shift();
      if (batch === undefined) return;
      this.#underWay += 1;
      void this.#send(batch);
    }
  };

  async #send(batch: Batch): Promise<void> {
    try {
      if (this.#now() - batch.openedAt > WAIT_MAX_MS)
        throw new Error(`no answer to those before it within ${WAIT_MAX_MS} ms`);
      batch.settle(await this.#connection.run(batch.statement()));
      this.#claimsMax = Math.min(CLAIMS_MAX, this.#claimsMax + 1);
    } catch (error) {
      this.#claimsMax = Math.ceil(this.#claimsMax / 2);
      batch.fail(this.#connection.failureOf(error));
    }
    this.#underWay -= 1;
    this.#flushSoon();
  }
}
