import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Clock,
  type InForceByType,
  type Lease,
  type Logger,
  type Member,
  type MembershipProvider,
  messageOf,
  type Scheduled,
  storedMember,
  TroupeError,
  type View,
  type ViewListener,
  type ViewWatch,
} from "@troupe/core";
import { Environment } from "./environment.ts";
import { folderError, prepareFolder } from "./folder-format.ts";
import { MEMBERSHIP_ID, noteIdentity } from "./folder-identity.ts";
import { machineMonotonicMs, readBootId } from "./machine-time.ts";
import {
  findRecord,
  isExpired,
  viewOf,
  withExpiry,
  withInForce,
  withMember,
  withoutGone,
  withRegistration,
  type MemberRecord,
  type MemberTable,
  type Registration,
} from "./member-table.ts";
import { MemberTableStore, type TableChange } from "./member-table-store.ts";
import { openMembersFolder, UNKNOWN_BOOT } from "./members-folder.ts";
import { isProvenGone, thisProcess } from "./process-identity.ts";
import { WatchList } from "./watch-list.ts";
import { WriteGate } from "./write-gate.ts";

export interface EmbeddedMembershipOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * Milliseconds on a clock that all processes of the machine share and that never goes back.
   * Default: the machine's.
   */
  readonly machineMs?: () => number;
  /** Which run of the machine this is. Default: what the system says. */
  readonly bootId?: string;
  /** Milliseconds between two looks at the members. Default: 50. */
  readonly pollMs?: number;
  /** Milliseconds after which a write that is blocked fails. Default: 2,000. */
  readonly writeTimeoutMs?: number;
}

/**
 * A look takes some 0.1 ms, so this is a fraction of a percent of a core, and a fraction of a
 * failover.
 */
const POLL_MS = 50;

/** Less than half of a lease, so that a silo may try again. */
const WRITE_TIMEOUT_MS = 2_000;

/**
 * Opens the membership of the cluster that lives in a folder of this machine's disk. Throws
 * `BAD_CONFIG` as `openEmbeddedStores` does.
 */
export async function openEmbeddedMembership(
  folder: string,
  options: EmbeddedMembershipOptions,
): Promise<EmbeddedMembership> {
  prepareFolder(folder);
  const { clock, logger } = options;
  const bootId = options.bootId ?? readBootId() ?? UNKNOWN_BOOT;
  try {
    const { path, base } = openMembersFolder(folder, bootId, clock.now());
    const environmentPath = join(path, "lmdb");
    mkdirSync(environmentPath, { recursive: true });
    // A crash of the machine ends the run, and with it all that is stored here; so nothing need
    // survive it.
    const environment = await Environment.open(environmentPath, {
      clock,
      logger,
      durable: bootId === UNKNOWN_BOOT,
    });
    const timeoutMs = options.writeTimeoutMs ?? WRITE_TIMEOUT_MS;
    const gate = new WriteGate({
      clock,
      what: `the folder ${folder}`,
      code: "CLUSTER_UNAVAILABLE",
      timeoutMs,
      problem: () => environment.presence.problem(),
    });
    return new EmbeddedMembership(
      new MemberTableStore({ environment, gate, clock, firstRevision: base }),
      folder,
      options,
    );
  } catch (error) {
    throw folderError(folder, error);
  }
}

class EmbeddedLease implements Lease, Registration {
  readonly siloId: string;
  readonly ttlMs: number;
  readonly registration: number;

  constructor(record: MemberRecord) {
    this.siloId = record.member.siloId;
    this.ttlMs = record.ttlMs;
    this.registration = record.registration;
  }
}

/**
 * The members of a cluster whose processes share a machine and a folder.
 *
 * EMB-1. The table of members is replaced whole, by a write that is made only if the table is still
 *     the one that was read. So changes have one order, and of a renewal and a removal that meet,
 *     one is told that the other was first.
 * EMB-2. Leases run on the machine's monotonic clock, which all processes share and no change of
 *     the wall clock moves. Time counts from the call, or from later if the call has to wait.
 * EMB-3. Whoever looks (a watch, `list`) removes records whose lease has expired, so every view is
 *     one that is written down.
 * EMB-4. A record also goes when its process is *proven* to be gone: none of that number runs, or
 *     one that started at another time. This takes one poll instead of the rest of the lease. A
 *     stopped process is not gone, and keeps its lease until it expires.
 *
 * A process that is stopped in the middle of a write (some 0.1 ms) blocks the others, whose calls
 * then reject with `CLUSTER_UNAVAILABLE` until it goes on or ends. The members have an environment
 * of their own, so that it needs a much worse coincidence than for the stores, and one that is
 * blocked there still renews its lease here.
 */
export class EmbeddedMembership implements MembershipProvider {
  readonly #table: MemberTableStore;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #machineMs: () => number;
  readonly #pollMs: number;
  readonly #process = thisProcess();
  readonly #watches: WatchList;
  #timer: Scheduled | undefined;
  #looking: Promise<void> | undefined;

  constructor(table: MemberTableStore, folder: string, options: EmbeddedMembershipOptions) {
    this.#table = table;
    this.#folder = folder;
    this.#clock = options.clock;
    this.#machineMs = options.machineMs ?? machineMonotonicMs;
    this.#pollMs = options.pollMs ?? POLL_MS;
    this.#watches = new WatchList(options.logger);
  }

  register(member: Member, ttlMs: number): Promise<Lease> {
    return this.#change<Lease>((table) => {
      const registration = table.revision + 1;
      const record = {
        member: storedMember(member),
        registration,
        ttlMs,
        expiresAt: this.#machineMs() + ttlMs,
        process: this.#process,
      };
      return { next: withRegistration(table, record), result: new EmbeddedLease(record) };
    });
  }

  renew(lease: Lease): Promise<"alive" | "gone"> {
    return this.#changeOwn(lease, "alive", (table, record) =>
      withExpiry(table, record, this.#machineMs() + record.ttlMs),
    );
  }

  update(lease: Lease, member: Member): Promise<"done" | "gone"> {
    return this.#changeOwn(lease, "done", (table, record) =>
      withMember(table, record, storedMember(member)),
    );
  }

  async remove(lease: Lease): Promise<void> {
    await this.#changeOwn(
      lease,
      "removed",
      (table, record) => withoutGone(table, (other) => other === record) ?? table,
    );
  }

  evict(siloId: string): Promise<"evicted" | "gone"> {
    return this.#change<"evicted" | "gone">((table) => {
      const next = withoutGone(table, (record) => record.member.siloId === siloId);
      return next === undefined ? { next: table, result: "gone" } : { next, result: "evicted" };
    });
  }

  putInForce(next: InForceByType): Promise<"done" | "changed"> {
    return this.#change<"done" | "changed">((table) => {
      const changed = withInForce(table, next);
      return changed === undefined
        ? { next: table, result: "changed" }
        : { next: changed, result: "done" };
    });
  }

  async list(): Promise<View> {
    return viewOf(await this.#look());
  }

  async identity(suggested: string): Promise<string> {
    try {
      return noteIdentity(this.#folder, MEMBERSHIP_ID, { id: suggested, mode: "keep" });
    } catch (error) {
      const reason = messageOf(error);
      throw new TroupeError(
        "CLUSTER_UNAVAILABLE",
        `the folder ${this.#folder} cannot keep its id: ${reason}`,
        { cause: error },
      );
    }
  }

  async raise(revision: number): Promise<void> {
    await this.#change((table) => ({
      next: table.revision < revision ? { ...table, revision } : table,
      result: undefined,
    }));
  }

  async watch(listener: ViewListener): Promise<ViewWatch> {
    const table = await this.#look();
    const watch = this.#watches.add(listener);
    this.#watches.deliver(viewOf(table));
    this.#schedule();
    return { close: async () => this.#watches.remove(watch) };
  }

  async close(): Promise<void> {
    this.#watches.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#looking;
    await this.#table.close();
  }

  /**
   * Changes the record of a lease, if it is still there and has time left; else makes sure that it
   * is not there (EMB-3).
   */
  #changeOwn<T extends string>(
    lease: Lease,
    done: T,
    change: (table: MemberTable, record: MemberRecord) => MemberTable,
  ): Promise<T | "gone"> {
    return this.#change<T | "gone">((table) => {
      const record = lease instanceof EmbeddedLease ? findRecord(table, lease) : undefined;
      if (record === undefined) return { next: table, result: "gone" };
      if (isExpired(record, this.#machineMs()))
        return { next: withoutGone(table, (other) => other === record) ?? table, result: "gone" };
      return { next: change(table, record), result: done };
    });
  }

  async #change<T>(decide: (table: MemberTable) => TableChange<T>): Promise<T> {
    const { table, result } = await this.#table.change(decide);
    this.#watches.deliver(viewOf(table));
    return result;
  }

  /** The table without the records of silos that are gone. */
  async #look(): Promise<MemberTable> {
    const isGone = (record: MemberRecord): boolean =>
      isExpired(record, this.#machineMs()) || isProvenGone(record.process);
    const { table } = await this.#table.change((current) => ({
      next: withoutGone(current, isGone) ?? current,
      result: undefined,
    }));
    return table;
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#watches.isEmpty) return;
    this.#timer = this.#clock.schedule(this.#pollMs, () => {
      this.#looking = this.#poll();
    });
  }

  async #poll(): Promise<void> {
    try {
      this.#watches.deliver(viewOf(await this.#look()));
    } catch (error) {
      this.#watches.breakAll(error instanceof Error ? error : new Error(String(error)));
    }
    this.#timer = undefined;
    this.#schedule();
  }
}
