import {
  follow,
  type InForceByType,
  readInForce,
  TroupeError,
  type Lease,
  type Member,
  type MembershipProvider,
  type View,
  type ViewListener,
  type ViewWatch,
} from "@troupe/core";
import type { ICompare, IRequestOp } from "etcd3";
import { EtcdViewWatch } from "./etcd-view-watch.ts";
import { encodeMember, parseObject } from "./member-record.ts";
import type { WatchContext } from "./watch-session.ts";

interface EtcdLease extends Lease {
  readonly leaseId: string;
}

/**
 * The members of a cluster in etcd: a key each under a lease; see `member-table.ts` for how views
 * get their numbers.
 *
 * ETCD-1. A record and its lease end together: who takes a record away revokes the lease, so that
 *     its owner learns of it with the next renewal, and a renewal that finds the record gone
 *     revokes the lease.
 * ETCD-2. Every change of a record is conditional on the lease under which it was registered.
 */
export class EtcdMembership implements MembershipProvider {
  readonly #context: WatchContext;
  readonly #watches = new Set<EtcdViewWatch>();
  #closed = false;

  constructor(context: WatchContext) {
    this.#context = context;
  }

  async register(member: Member, ttlMs: number): Promise<Lease> {
    this.#checkOpen();
    const { client } = this.#context;
    const leaseId = await client.grantLease(ttlMs);
    try {
      await this.#writeRecord(member, leaseId);
    } catch (error) {
      // The record may have been written although the answer is lost; without this it would stay
      // for the lease's time.
      await client.revokeLease(leaseId).catch(() => undefined);
      throw error;
    }
    const lease: EtcdLease = { siloId: member.siloId, ttlMs, leaseId };
    return lease;
  }

  async renew(lease: Lease): Promise<"alive" | "gone"> {
    this.#checkOpen();
    const { client } = this.#context;
    const leaseId = leaseIdOf(lease);
    const [answer, owner] = await Promise.all([
      client.keepAlive(leaseId),
      this.#leaseOf(lease.siloId),
    ]);
    if (answer === "gone") return "gone";
    if (owner === leaseId) return "alive";
    await client.revokeLease(leaseId);
    return "gone";
  }

  async update(lease: Lease, member: Member): Promise<"done" | "gone"> {
    this.#checkOpen();
    const leaseId = leaseIdOf(lease);
    const key = this.#context.keys.silo(lease.siloId);
    const isOurs: ICompare = { target: "Lease", result: "Equal", key, lease: leaseId };
    const outcome = await this.#context.reader.change([isOurs], [putRecord(key, member, leaseId)]);
    return outcome === "done" ? "done" : "gone";
  }

  async remove(lease: Lease): Promise<void> {
    this.#checkOpen();
    await this.#revoke(leaseIdOf(lease));
  }

  async evict(siloId: string): Promise<"evicted" | "gone"> {
    this.#checkOpen();
    const leaseId = await this.#leaseOf(siloId);
    return leaseId !== undefined && (await this.#revoke(leaseId)) ? "evicted" : "gone";
  }

  async putInForce(next: InForceByType): Promise<"done" | "changed"> {
    this.#checkOpen();
    const { keys, reader, client } = this.#context;
    const keyed = Object.entries(next).map(([type, record]) => ({
      key: keys.type(type),
      type,
      record,
    }));
    const written = await Promise.all(
      keyed.map(async ({ key, type }) => ({ type, entry: (await client.range({ key })).kvs[0] })),
    );
    const current = written.flatMap(({ type, entry }) => {
      const record = entry && readInForce(parseObject(entry.value));
      return record === undefined ? [] : [[type, record] as const];
    });
    if (!follow(next, Object.fromEntries(current))) return "changed";
    const areSame = keyed.map(({ key }, index): ICompare => ({
      target: "Mod",
      result: "Equal",
      key,
      mod_revision: written[index]?.entry?.mod_revision ?? 0,
    }));
    const puts = keyed.map(({ key, record }) => ({
      request_put: { key, value: Buffer.from(JSON.stringify(record)) },
    }));
    return (await reader.change(areSame, puts)) === "done" ? "done" : "changed";
  }

  async list(): Promise<View> {
    this.#checkOpen();
    return (await this.#context.reader.read()).view;
  }

  async identity(suggested: string): Promise<string> {
    this.#checkOpen();
    const { client, keys } = this.#context;
    const key = keys.identity;
    // Reading first, because an etcd without space refuses what might write.
    const known = (await client.range({ key })).kvs[0];
    if (known !== undefined) return known.value.toString();
    await client.transact({
      compare: [{ target: "Version", result: "Equal", key, version: 0 }],
      success: [{ request_put: { key, value: Buffer.from(suggested) } }],
    });
    return (await client.range({ key })).kvs[0]?.value.toString() ?? suggested;
  }

  raise(revision: number): Promise<void> {
    this.#checkOpen();
    return this.#context.reader.raise(revision);
  }

  async watch(listener: ViewListener): Promise<ViewWatch> {
    this.#checkOpen();
    const watch = new EtcdViewWatch(this.#context, listener);
    this.#watches.add(watch);
    try {
      await watch.open();
    } catch (error) {
      this.#watches.delete(watch);
      throw error;
    }
    return {
      close: async () => {
        this.#watches.delete(watch);
        await watch.close();
      },
    };
  }

  /** Ends all watches. Leases stay, and run out unless they are removed before. */
  async close(): Promise<void> {
    this.#closed = true;
    const closing = [...this.#watches].map((watch) => watch.close());
    this.#watches.clear();
    // Before waiting, so that a watch that is just reading fails at once.
    this.#context.client.close();
    await Promise.all(closing);
  }

  async #writeRecord(member: Member, leaseId: string): Promise<void> {
    const key = this.#context.keys.silo(member.siloId);
    const isNew: ICompare = { target: "Version", result: "Equal", key, version: 0 };
    const outcome = await this.#context.reader.change([isNew], [putRecord(key, member, leaseId)]);
    // A repetition of our own write is refused, too, and is none.
    if (outcome === "done" || (await this.#leaseOf(member.siloId)) === leaseId) return;
    if (outcome === "lease gone") {
      throw new TroupeError(
        "CLUSTER_UNAVAILABLE",
        `the lease of silo ${member.siloId} ran out before its record was written`,
      );
    }
    throw new TroupeError(
      "BAD_CONFIG",
      `a silo ${member.siloId} is already registered; each start of a silo needs a new id`,
    );
  }

  /** Takes a record away with its lease (ETCD-1); false if it was gone. */
  async #revoke(leaseId: string): Promise<boolean> {
    return (await this.#context.client.revokeLease(leaseId)) === "revoked";
  }

  /** The lease of a silo's record, which is on the key itself. */
  async #leaseOf(siloId: string): Promise<string | undefined> {
    const { client, keys } = this.#context;
    const { kvs } = await client.range({ key: keys.silo(siloId), keys_only: true });
    return kvs[0]?.lease;
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new TroupeError("CLUSTER_UNAVAILABLE", "the connection to etcd was closed");
  }
}

function putRecord(key: Buffer, member: Member, leaseId: string): IRequestOp {
  return { request_put: { key, value: encodeMember(member), lease: leaseId } };
}

function leaseIdOf(lease: Lease): string {
  const { leaseId } = lease as Partial<EtcdLease>;
  if (leaseId === undefined)
    throw new TypeError(`the lease of ${lease.siloId} is not one that this provider gave`);
  return leaseId;
}
