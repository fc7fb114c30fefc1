import {
  type Claim,
  type ClaimResult,
  type Commit,
  type CommitResult,
  type DueEntry,
  randomId,
  type Retirement,
  type StoredFields,
  systemRandom,
} from "@troupe/core";
import { type ActorRequest, packRequest } from "./actor-request.ts";
import { ANSWER, CONTROL_FIELD, FIELD_PREFIX } from "./actor-script.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { ReplyReader } from "./reply-reader.ts";
import { RequestPacker } from "./request-packer.ts";
import type { StoreKeys } from "./store-keys.ts";

/** More in one command would save little, and keep Redis from everything else for longer. */
export const REQUESTS_MAX = 32;

/** A batch that has so many bytes takes no further request. */
const BATCH_BYTES = 256 * 1024;

const STORED: CommitResult = { kind: "stored" };

/**
 * The requests of one tick, which go to Redis in as few commands as possible: a command of its own
 * costs each of them 20 µs in this process, a place in a batch 4.
 *
 * REQ-1. Requests for one actor or one bucket take effect in the order they were made.
 * REQ-2. One that Redis refuses takes no other of its batch along; when the connection fails, all
 *     under way fail.
 */
export class ActorRequests {
  readonly #connection: RedisConnection;
  readonly #packer = new RequestPacker();
  /** Tells the claims of this store from those of every other. */
  readonly #store = randomId(systemRandom, 8);
  #claims = 0;
  #waiting: ActorRequest[] = [];
  /** The buckets of the index that those change besides their actors. */
  readonly #buckets: string[] = [];
  #isFlushing = false;
  readonly #keys: StoreKeys;
  readonly #requestsMax: number;

  /** `requestsMax` is how many keys one command may be for. */
  constructor(connection: RedisConnection, keys: StoreKeys, requestsMax: number) {
    this.#connection = connection;
    this.#keys = keys;
    this.#requestsMax = requestsMax;
  }

  /** False if a commit and the entries of the index that it changes need commands of their own. */
  get takesSeveralKeys(): boolean {
    return this.#requestsMax > 1;
  }

  claim(key: string, claim: Claim): Promise<ClaimResult> {
    const [store, number] = [this.#store, ++this.#claims];
    return new Promise((resolve, reject) =>
      this.#add({ kind: "claim", key, claim, store, number, settle: { resolve, reject } }),
    );
  }

  /** Changes the index only if it takes several keys. */
  commit(key: string, commit: Commit): Promise<CommitResult> {
    return new Promise((resolve, reject) =>
      this.#add({ kind: "commit", key, commit, settle: { resolve, reject } }),
    );
  }

  /** Changes the index only if it takes several keys. */
  retire(key: string, retirement: Retirement): Promise<CommitResult> {
    return new Promise((resolve, reject) =>
      this.#add({ kind: "retire", key, retirement, settle: { resolve, reject } }),
    );
  }

  read(key: string, prefix: string): Promise<StoredFields | undefined> {
    return new Promise((resolve, reject) =>
      this.#add({ kind: "read", key, prefix, settle: { resolve, reject } }),
    );
  }

  /** Notes a due time in the bucket with the key, or takes it out. */
  note(kind: "add" | "remove", key: string, entry: DueEntry): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#add({ kind, key, entry, settle: { resolve, reject } }),
    );
  }

  #add(request: ActorRequest): void {
    const [start, buckets] = [this.#packer.length, this.#buckets.length];
    try {
      packRequest(this.#packer, request, this.#placeBucket);
    } catch (error) {
      // Half a request would be taken for the start of the next one.
      this.#packer.rewind(start);
      this.#buckets.length = buckets;
      throw error;
    }
    this.#waiting.push(request);
    if (this.#waiting.length >= this.#requestsMax || this.#packer.length >= BATCH_BYTES)
      this.#flush();
    else if (!this.#isFlushing) {
      this.#isFlushing = true;
      // After all promises of this tick, so that what they lead to is in the batch.
      process.nextTick(this.#flush);
    }
  }

  readonly #placeBucket = (bucket: number): number => this.#buckets.push(this.#keys.bucket(bucket));

  readonly #flush = (): void => {
    this.#isFlushing = false;
    const requests = this.#waiting;
    if (requests.length === 0) return;
    this.#waiting = [];
    const keys = requests.map(({ key }) => key);
    const packed = this.#packer.take(keys.length);
    if (this.#buckets.length > 0) keys.push(...this.#buckets.splice(0));
    this.#send(keys, packed)
      .then((reply) => this.#settle(requests, new ReplyReader(reply)))
      .catch((error) => this.#failAll(requests, error));
  };

  #send(keys: readonly string[], packed: Buffer): Promise<Buffer> {
    const { client } = this.#connection;
    const [key] = keys;
    if (key !== undefined && keys.length === 1) return client.troupeActorBuffer(key, packed);
    return client.troupeActorsBuffer(keys.length, ...keys, packed);
  }

  #settle(requests: readonly ActorRequest[], reply: ReplyReader): void {
    for (let left = reply.array(); left > 0; left--) {
      reply.array();
      // The script counts from 1.
      const request = requests[reply.number() - 1];
      if (request === undefined)
        throw new RangeError("the reply of a script is for another request");
      this.#answer(request, reply);
    }
    // Those that had an answer are settled, and settling them again does nothing.
    for (const request of requests) settleUnanswered(request);
  }

  #answer(request: ActorRequest, reply: ReplyReader): void {
    const became = reply.number();
    if (became === ANSWER.failed)
      request.settle.reject(this.#connection.failureOf(new Error(reply.text())));
    else if (request.kind === "commit" || request.kind === "retire")
      request.settle.resolve({ kind: "fenced", epoch: reply.number() });
    else if (request.kind === "claim") request.settle.resolve(readClaim(became, reply));
    else if (request.kind === "read") request.settle.resolve(readStored(reply));
    else throw new RangeError("the reply of a script answers what has no answer");
  }

  #failAll(requests: readonly ActorRequest[], error: unknown): void {
    for (const { settle } of requests) settle.reject(this.#connection.failureOf(error));
  }
}

/** What has no answer of its own was done, or has nothing to give. */
function settleUnanswered(request: ActorRequest): void {
  switch (request.kind) {
    case "commit":
    case "retire":
      return request.settle.resolve(STORED);
    case "read":
      return request.settle.resolve(undefined);
    case "add":
    case "remove":
      return request.settle.resolve();
    case "claim":
      return;
  }
}

function readClaim(became: number, reply: ReplyReader): ClaimResult {
  if (became === ANSWER.refused)
    return { kind: "refused", revision: reply.number(), siloId: reply.text() };
  return { kind: "claimed", ...readStored(reply) };
}

function readStored(reply: ReplyReader): StoredFields {
  return { epoch: reply.number(), version: reply.number(), fields: readFields(reply) };
}

function readFields(reply: ReplyReader): Map<string, Uint8Array> {
  const fields = new Map<string, Uint8Array>();
  for (let left = reply.array(); left > 0; left -= 2) {
    const name = reply.text();
    const value = reply.bytes();
    if (name !== CONTROL_FIELD) fields.set(name.slice(FIELD_PREFIX.length), value);
  }
  return fields;
}
