import type { ActorAddress, Commit, CommitResult, DueEntry, Retirement } from "@troupe/core";
import type { Batch, Settle } from "./batch.ts";
import { bytesArray, numbersArray, textsArray } from "./binary-array.ts";
import { NOT_RETIRED } from "./commit-function.ts";
import { dueColumns } from "./due-columns.ts";
import type { Row, Statement } from "./postgres-connection.ts";

/** Enough to share a write to the disk. More would keep those that wait behind it for longer. */
const COMMITS_MAX = 256;

/** A batch that has so many bytes takes no further request. */
const BATCH_BYTES = 1024 * 1024;

/** A hundred years: longer times PostgreSQL might not count. */
const KEEP_MAX_MS = 100 * 365 * 86_400_000;

const PARAMETERS = 27;

const STORED: CommitResult = { kind: "stored" };

interface CommitRequest {
  readonly address: ActorAddress;
  readonly epoch: number;
  readonly version: number;
  readonly keepMs: number;
  readonly settle: Settle<CommitResult>;
}

/** Things of commits, each with the place of its commit in the batch. */
class Placed<T> {
  readonly places: number[] = [];
  readonly items: T[] = [];

  add(place: number, items: Iterable<T>): void {
    for (const item of items) {
      this.places.push(place);
      this.items.push(item);
    }
  }

  values(...columns: ((items: readonly T[]) => Buffer)[]): (Buffer | string)[] {
    return [numbersArray(this.places), ...columns.map((column) => column(this.items))];
  }
}

/** Commits and retirements that one call of the function serves. */
export class CommitBatch implements Batch {
  readonly openedAt: number;
  readonly #function: string;
  readonly #requests: CommitRequest[] = [];
  readonly #set = new Placed<readonly [name: string, value: Uint8Array]>();
  readonly #remove = new Placed<string>();
  readonly #ranges = new Placed<{ readonly from: string; readonly to: string }>();
  readonly #added = new Placed<DueEntry>();
  readonly #dropped = new Placed<DueEntry>();
  #bytes = 0;

  constructor(call: string, openedAt: number) {
    this.#function = call;
    this.openedAt = openedAt;
  }

  get isFull(): boolean {
    return this.#requests.length >= COMMITS_MAX || this.#bytes >= BATCH_BYTES;
  }

  addCommit(address: ActorAddress, commit: Commit, settle: Settle<CommitResult>): void {
    const { epoch, version, set, remove, removeRanges = [], due } = commit;
    // Whoever calls may use its bytes again, and the batch waits for its turn. What throws does so
    // before anything of the commit is in the batch.
    const copies = Array.from(set, ([name, value]) => [name, Buffer.from(value)] as const);
    for (const [name, value] of copies) this.#bytes += name.length + value.length;
    const place = this.#requests.push({ address, epoch, version, keepMs: NOT_RETIRED, settle });
    this.#set.add(place, copies);
    this.#remove.add(place, remove);
    this.#ranges.add(place, removeRanges);
    this.#added.add(place, due?.add ?? []);
    this.#dropped.add(place, due?.remove ?? []);
  }

  addRetirement(
    address: ActorAddress,
    { epoch, version, keepMs, due }: Retirement,
    settle: Settle<CommitResult>,
  ): void {
    const kept = Math.min(KEEP_MAX_MS, Math.max(1, Math.ceil(keepMs)));
    const place = this.#requests.push({ address, epoch, version, keepMs: kept, settle });
    this.#added.add(place, due?.add ?? []);
    this.#dropped.add(place, due?.remove ?? []);
  }

  statement(): Statement {
    const requests = this.#requests;
    const parameters = Array.from({ length: PARAMETERS }, (_, index) => `$${index + 1}`);
    return {
      name: "commit",
      text: `SELECT unnest(${this.#function}(${parameters.join(", ")}))`,
      values: [
        textsArray(requests.map(({ address }) => address.type)),
        textsArray(requests.map(({ address }) => address.id)),
        numbersArray(requests.map(({ epoch }) => epoch)),
        numbersArray(requests.map(({ version }) => version)),
        numbersArray(requests.map(({ keepMs }) => keepMs)),
        ...this.#set.values(
          (set) => textsArray(set.map(([name]) => name)),
          (set) => bytesArray(set.map(([, value]) => value)),
        ),
        ...this.#remove.values(textsArray),
        ...this.#ranges.values(
          (ranges) => textsArray(ranges.map(({ from }) => from)),
          (ranges) => textsArray(ranges.map(({ to }) => to)),
        ),
        numbersArray(this.#added.places),
        ...dueColumns(this.#added.items),
        numbersArray(this.#dropped.places),
        ...dueColumns(this.#dropped.items),
      ],
    };
  }

  settle(rows: readonly Row[]): void {
    for (const [index, { settle }] of this.#requests.entries()) {
      const answer = rows[index]?.[0];
      // Nothing is taken for stored that PostgreSQL has not called so.
      if (typeof answer !== "string") throw new RangeError("the answer is for other commits");
      const epoch = Number(answer);
      settle.resolve(epoch < 0 ? STORED : { kind: "fenced", epoch });
    }
  }

  fail(error: unknown): void {
    for (const { settle } of this.#requests) settle.reject(error);
  }
}
