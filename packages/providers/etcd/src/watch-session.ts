import { messageOf, type Clock, type Logger, type Scheduled, type View } from "@troupe/core";
import type { IWatchResponse } from "etcd3";
import type { EtcdClient } from "./etcd-client.ts";
import type { MemberKeys } from "./member-keys.ts";
import type { Snapshot, ViewReader } from "./view-reader.ts";

/**
 * A watch that was silent for so long is compared with etcd: a connection may swallow events
 * without breaking.
 */
const CHECK_EVERY_MS = 3_000;

export interface WatchContext {
  readonly client: EtcdClient;
  readonly keys: MemberKeys;
  readonly reader: ViewReader;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Why a session ended: etcd failed, or the session does not know what is true any more and the
 * members must be read again.
 */
export type SessionEnd =
  | { readonly kind: "broken"; readonly error: Error }
  | { readonly kind: "stale"; readonly reason: string };

/**
 * One watch stream of etcd, from a snapshot on.
 *
 * WATCH-1. It starts at the revision after the snapshot's, so no change is missed and none comes
 *     twice.
 * WATCH-2. It ends once, and gives no view after that. It ends when the stream breaks, when etcd
 *     has compacted what comes next, when the mark is lost, when etcd does not answer, or when etcd
 *     holds what the watch should have told.
 * WATCH-3. What the watch should have told is found out by one small answer: how many keys there
 *     are, and whether one was put since the last change. So an idle cluster costs etcd little.
 */
export class WatchSession {
  readonly ended: Promise<SessionEnd>;
  readonly #context: WatchContext;
  readonly #snapshot: Snapshot;
  readonly #onView: (view: View, before: number) => void;
  readonly #resolveEnded: (end: SessionEnd) => void;
  #open = true;
  #endStream: (() => void) | undefined;
  #timer: Scheduled | undefined;
  #wasSilent = true;
  #checking: Promise<void> = Promise.resolve();

  constructor(
    context: WatchContext,
    snapshot: Snapshot,
    onView: (view: View, before: number) => void,
  ) {
    this.#context = context;
    this.#snapshot = snapshot;
    this.#onView = onView;
    const { promise, resolve } = Promise.withResolvers<SessionEnd>();
    this.ended = promise;
    this.#resolveEnded = resolve;
  }

  async start(): Promise<void> {
    const { client, keys } = this.#context;
    const endStream = await client.watch(
      { ...keys.range, start_revision: this.#snapshot.revision + 1 },
      {
        onResponse: (response) => this.#receive(response),
        onEnd: (error) => this.#end({ kind: "broken", error }),
      },
    );
    if (this.#open) {
      this.#endStream = endStream;
      this.#scheduleCheck();
    } else endStream();
  }

  /** Resolves when nothing of it runs any more. */
  async close(): Promise<void> {
    this.#end({ kind: "stale", reason: "closed" });
    await this.#checking;
  }

  #receive(response: IWatchResponse): void {
    if (!this.#open) return;
    this.#wasSilent = false;
    const { table, etcdCluster } = this.#snapshot;
    if (response.canceled) {
      const reason =
        Number(response.compact_revision) > 0
          ? "etcd has compacted what was to be watched"
          : response.cancel_reason;
      this.#end({ kind: "stale", reason });
      return;
    }
    if (response.header.cluster_id !== etcdCluster) {
      this.#end({ kind: "stale", reason: "another etcd answers" });
      return;
    }
    for (const { view, before } of table.apply(response.events)) {
      this.#onView(view, before);
      if (!this.#open) return;
    }
    if (table.markLost) this.#end({ kind: "stale", reason: "the mark is gone" });
  }

  #scheduleCheck(): void {
    this.#wasSilent = true;
    this.#timer = this.#context.clock.schedule(CHECK_EVERY_MS, () => {
      this.#checking = this.#check();
    });
  }

  async #check(): Promise<void> {
    try {
      // A watch that moves is alive.
      if (this.#wasSilent) await this.#compare();
    } catch (error) {
      this.#end({
        kind: "broken",
        error: error instanceof Error ? error : new Error(messageOf(error)),
      });
    }
    if (this.#open) this.#scheduleCheck();
  }

  async #compare(): Promise<void> {
    const { client, keys } = this.#context;
    const { table, etcdCluster } = this.#snapshot;
    const before = table.revision;
    const { header, kvs, count } = await client.range({
      ...keys.range,
      min_mod_revision: before + 1,
      keys_only: true,
      limit: 1,
    });
    // The answer may be older than what the watch has told meanwhile.
    if (!this.#open || table.revision !== before) return;
    if (header.cluster_id !== etcdCluster)
      this.#end({ kind: "stale", reason: "another etcd answers" });
    else if (kvs.length > 0 || Number(count) !== table.size)
      this.#end({ kind: "stale", reason: "the watch has missed a change" });
  }

  #end(end: SessionEnd): void {
    if (!this.#open) return;
    this.#open = false;
    this.#timer?.cancel();
    this.#endStream?.();
    this.#resolveEnded(end);
  }
}
