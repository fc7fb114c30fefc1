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
 * Reads views by the rules V1 to V4 of `member-table.ts`, and writes the marks that they ask for.
 */
export class ViewReader {
  readonly #context: ViewReaderContext;
  /** The highest number of a view that this process has seen (V4). */
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
      if (entry === undefined || this.#isForeign(entry, now.header.cluster_id, seen)) {
        await this.#makeMark(entry, now.header.cluster_id, seen);
      } else if (await this.#isUnchangedSince(Number(entry.mod_revision), now)) {
        const snapshot = this.#snapshot(now);
        if (snapshot !== undefined) return snapshot;
      } else {
        await this.#putMark({
          target: "Mod",
          result: "Equal",
          key: keys.mark,
          mod_revision: entry.mod_revision,
        });
      }
    }
    throw new TroupeError(
      "CLUSTER_UNAVAILABLE",
      `etcd at ${client.endpoints} changed too often to read the members from it`,
    );
  }

  /** Writes the mark unless it was written after the change at `revision` (V2). */
  async markAfter(revision: number): Promise<void> {
    await this.#putMark({
      target: "Mod",
      result: "Less",
      key: this.#context.keys.mark,
      mod_revision: revision,
    });
  }

  /** Makes a change under conditions, together with the mark (V2). */
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

  #isForeign(entry: IKeyValue, etcdCluster: string, seen: number): boolean {
    const mark = parseMark(entry.value);
    return (
      mark === undefined ||
      mark.etcdCluster !== etcdCluster ||
      mark.base + Number(entry.mod_revision) < seen
    );
  }

  /** Makes the mark anew (V4), unless somebody else has just done so. */
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

  async #putMark(condition: ICompare): Promise<void> {
    const { client, keys } = this.#context;
    await client.transact({
      compare: [{ target: "Version", result: "Greater", key: keys.mark, version: 0 }, condition],
      success: [{ request_put: { key: keys.mark, ignore_value: true } }],
    });
  }

  /** True if the members of a list are what they were at the mark (V3). */
  async #isUnchangedSince(markRevision: number, now: IRangeResponse): Promise<boolean> {
    const { client, keys } = this.#context;
    if (Number(now.header.revision) === markRevision) return true;
    const then = await client.rangeAt(markRevision, { ...keys.range, keys_only: true });
    // History that is compacted cannot be compared, so a new mark is the answer.
    if (then === undefined || then.kvs.length !== now.kvs.length) return false;
    const revisions = new Map(
      then.kvs.map(({ key, mod_revision }) => [key.toString(), mod_revision]),
    );
    return now.kvs.every(({ key, mod_revision }) => revisions.get(key.toString()) === mod_revision);
  }

  #snapshot(now: IRangeResponse): Snapshot | undefined {
    const { keys, logger } = this.#context;
    const table = new MemberTable(keys, (key) =>
      logger.warn({ key }, "a member's record in etcd cannot be read; it is left out"),
    );
    const view = table.load(now.kvs);
    if (view === undefined) return undefined;
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
