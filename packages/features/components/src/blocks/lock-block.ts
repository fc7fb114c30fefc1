import {
  type Duration,
  DURATION_FORMS,
  type HeldLock,
  type LockStore,
  parseDuration,
  randomId,
  type Random,
  shownValue,
} from "@troupe/core";
import type { CallLimits, ComponentCalls } from "./component-calls.ts";

/** For how long a lock is asked for. */
export interface LockOptions extends CallLimits {
  /** After this time the lock is free, unless it is renewed. At least 1 ms. */
  readonly ttl: Duration;
}

/** So that an actor id has room for the name of the component besides. */
const RESOURCE_MAX_BYTES = 512;

/** Locks by resource, in the component of one name. */
export class LockBlock {
  readonly #store: LockStore;
  readonly #calls: ComponentCalls;
  readonly #random: Random;

  constructor(store: LockStore, calls: ComponentCalls, random: Random) {
    this.#store = store;
    this.#calls = calls;
    this.#random = random;
  }

  /** The lock, or undefined if somebody else holds it. Nobody waits for it here. */
  async tryAcquire(resource: string, options: LockOptions): Promise<Lock | undefined> {
    const ttlMs = lifetimeOf(options.ttl, this.#calls);
    if (typeof resource !== "string" || resource === "" || bytesIn(resource) > RESOURCE_MAX_BYTES)
      throw this.#calls.error(
        "BAD_INPUT",
        `the resource ${shownValue(resource)}: give a text of 1 to ${RESOURCE_MAX_BYTES} bytes`,
      );
    const owner = randomId(this.#random);
    const result = await this.#calls.run(
      () => this.#store.tryAcquire({ resource, owner, ttlMs }),
      options,
    );
    if (result.kind === "held") return undefined;
    const held = { resource, owner, fence: result.fence };
    return new Lock(held, ttlMs, this.#store, this.#calls);
  }
}

/**
 * A lock that somebody holds until it is released or its time is over. Give its fence to whatever
 * you write to, so that it can refuse you when another holder has come.
 */
export class Lock implements AsyncDisposable {
  readonly resource: string;
  /** Higher than that of every earlier holder of the resource. */
  readonly fence: number;
  readonly #held: HeldLock;
  readonly #ttlMs: number;
  readonly #store: LockStore;
  readonly #calls: ComponentCalls;
  #releasing: Promise<boolean> | undefined;

  constructor(held: HeldLock, ttlMs: number, store: LockStore, calls: ComponentCalls) {
    this.resource = held.resource;
    this.fence = held.fence;
    this.#held = held;
    this.#ttlMs = ttlMs;
    this.#store = store;
    this.#calls = calls;
  }

  /**
   * Gives the lock a new lifetime that begins now, by default as long as the first one. False if it
   * is lost: then somebody else may hold it.
   */
  async renew(ttl: Duration = this.#ttlMs): Promise<boolean> {
    const ttlMs = lifetimeOf(ttl, this.#calls);
    if (this.#releasing !== undefined) return false;
    const result = await this.#calls.run(() => this.#store.renew(this.#held, ttlMs));
    return result.kind === "done";
  }

  /**
   * Frees the resource. False if the lock was lost before. Releasing twice is harmless, and gives
   * what the first release gave; one that failed is tried again.
   */
  release(): Promise<boolean> {
    this.#releasing ??= this.#release();
    return this.#releasing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  async #release(): Promise<boolean> {
    try {
      return (await this.#calls.run(() => this.#store.release(this.#held))).kind === "done";
    } catch (error) {
      this.#releasing = undefined;
      throw error;
    }
  }
}

function lifetimeOf(ttl: Duration, calls: ComponentCalls): number {
  const ttlMs = parseDuration(ttl);
  if (ttlMs !== undefined && ttlMs >= 1) return ttlMs;
  throw calls.error(
    "BAD_INPUT",
    `ttl ${shownValue(ttl)}: give at least 1 ms, as ${DURATION_FORMS}`,
  );
}

function bytesIn(text: string): number {
  return Buffer.byteLength(text);
}
