import type { Clock, Logger, View } from "@troupe/core";
import { TroupeError } from "@troupe/core";
import type { ICompare, IKeyValue, IRangeResponse, IRequestOp, ITxnResponse } from "etcd3";
import type { EtcdClient } from "./etcd-client.ts";
import { encodeMark, parseMark } from "./mark.ts";
import type { MemberKeys } from "./member-keys.ts";
import { MemberTable } from "./member-table.ts";

/**
 * Others may write between our read and our mark; so many times in a row never happens to a healthy
 * cluster.
 */
const ATTEMPTS = 20;

export interface Snapshot {
  readonly view: View;
  /** The state of etcd that the table is of; what comes after it is watched from the next. */
  readonly revision: number;
  readonly etcdCluster: string;
  readonly table: MemberTable;
}

export interface ViewReaderContext {
  readonly client: EtcdClient;
  readonly keys: MemberKeys;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Reads views by the rules VIEW-1 to VIEW-3 of `member-table.ts`, and writes the mark where they
 * ask for it.
 */
export class ViewReader {
  readonly #context: ViewReaderContext;
  /** The highest number of a view that this process has seen (VIEW-3). */
  #highest = 0;

  constructor(context: ViewReaderContext) {
    this.#context = context;
  }

  /** Remembers that a view of this number was seen. */
  note(view: View): void {
    this.#highest = Math.max(this.#highest, view.revision);
  }

  /** The members as they are now, with their number. */
  async read(): Promise<Snapshot> {
    const { client, keys } = this.#context;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      // Taken before asking, because a watch may see a newer view while the answer is under way.
      const seen = this.#highest;
      const now = await client.range(keys.range);
      const entry = now.kvs.find(({ key }) => keys.kindOf(key) === "mark");
      const base = this.#baseOf(entry, now.header.cluster_id);
      if (entry === undefined || base === undefined) {
        await this.#makeMark(entry, now.header.cluster_id, seen);
        continue;
      }
      const changedAt = await this.#lastChange(now);
      if (changedAt === undefined) await this.#renewMark(entry);
      else if (base + changedAt < seen) await this.#makeMark(entry, now.header.cluster_id, seen);
      else return this.#snapshot(now, base, changedAt);
    }
    throw new TroupeError(
      "CLUSTER_UNAVAILABLE",
      `etcd at ${client.endpoints} changed too often to read the members from it`,
    );
  }

  /** Sees to it that every later view has a number that is not below this one. */
  async raise(revision: number): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const { view } = await this.read();
      if (view.revision >= revision) return;
      const { client, keys } = this.#context;
      const { kvs, header } = await client.range({ key: keys.mark });
      await this.#makeMark(kvs[0], header.cluster_id, revision);
    }
    throw new TroupeError(
      "CLUSTER_UNAVAILABLE",
      `etcd at ${this.#context.client.endpoints} changed too often to raise the numbers of views`,
    );
  }

  /** Makes a change under conditions, together with the mark (VIEW-2). */
  async change(
    conditions: readonly ICompare[],
    operations: readonly IRequestOp[],
  ): Promise<"done" | "refused" | "lease gone"> {
    const { client, keys } = this.#context;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const reply = await client.transact({
        compare: [
          { target: "Version", result: "Greater", key: keys.mark, version: 0 },
          ...conditions,
        ],
        success: [...operations, { request_put: { key: keys.mark, ignore_value: true } }],
        failure: [{ request_range: { key: keys.mark } }],
      });
      if (reply === "lease gone") return reply;
      if (reply.succeeded) return "done";
      if (hasMark(reply)) return "refused";
      // etcd was wiped: reading makes the mark.
      await this.read();
    }
    throw new TroupeError(
      "CLUSTER_UNAVAILABLE",
      `etcd at ${client.endpoints} loses what is written to it`,
    );
  }

  /** The mark's base, or undefined if there is none, or it was made in another etcd (VIEW-3). */
  #baseOf(entry: IKeyValue | undefined, etcdCluster: string): number | undefined {
    const mark = entry === undefined ? undefined : parseMark(entry.value);
    return mark?.etcdCluster === etcdCluster ? mark.base : undefined;
  }

  /** Makes the mark anew (VIEW-3), unless somebody else has just done so. */
  async #makeMark(entry: IKeyValue | undefined, etcdCluster: string, seen: number): Promise<void> {
    const { client, keys, clock } = this.#context;
    const value = encodeMark({ base: Math.max(Math.floor(clock.now()), seen), etcdCluster });
    await client.transact({
      compare: [
        { target: "Mod", result: "Equal", key: keys.mark, mod_revision: entry?.mod_revision ?? 0 },
      ],
      success: [{ request_put: { key: keys.mark, value } }],
    });
  }

  /** Puts the same mark again, unless somebody else has just done so. */
  async #renewMark({ mod_revision }: IKeyValue): Promise<void> {
    const { client, keys } = this.#context;
    await client.transact({
      compare: [{ target: "Mod", result: "Equal", key: keys.mark, mod_revision }],
      success: [{ request_put: { key: keys.mark, ignore_value: true } }],
    });
  }

  /**
   * The revision of the last change before a list (VIEW-2): the first one since the newest put at
   * which there were as many keys. Undefined if etcd has compacted it.
   */
  async #lastChange(now: IRangeResponse): Promise<number | undefined> {
    const size = now.kvs.length;
    let first = Math.max(...now.kvs.map(({ mod_revision }) => Number(mod_revision)));
    let last = Number(now.header.revision);
    // In most cases nothing was deleted since the newest put.
    for (let at = first; first < last; at = Math.floor((first + last) / 2)) {
      const then = await this.#sizeAt(at);
      if (then === undefined) return undefined;
      if (then === size) last = at;
      else first = at + 1;
    }
    return last;
  }

  async #sizeAt(revision: number): Promise<number | undefined> {
    const { client, keys } = this.#context;
    const then = await client.rangeAt(revision, { ...keys.range, count_only: true });
    return then === undefined ? undefined : Number(then.count);
  }

  #snapshot(now: IRangeResponse, base: number, changedAt: number): Snapshot {
    const { keys, logger } = this.#context;
    const table = new MemberTable(keys, (key) =>
      logger.warn({ key }, "a member's record in etcd cannot be read; it is left out"),
    );
    const view = table.load(now.kvs, base, changedAt);
    this.note(view);
    return {
      view,
      revision: Number(now.header.revision),
      etcdCluster: now.header.cluster_id,
      table,
    };
  }
}

function hasMark(reply: ITxnResponse): boolean {
  return reply.responses.some(({ response_range }) => (response_range?.kvs.length ?? 0) > 0);
}
