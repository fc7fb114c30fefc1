import {
  follow,
  type InForceByType,
  readInForce,
  readMember,
  type StoredMember,
  type View,
} from "@troupe/core";
import type { ProcessIdentity } from "./process-identity.ts";

/** One silo's registration, as it is stored. */
export interface MemberRecord {
  readonly member: StoredMember;
  /** The revision at which it was registered: tells it from an earlier one of the same silo. */
  readonly registration: number;
  readonly ttlMs: number;
  /** On the machine's monotonic clock. */
  readonly expiresAt: number;
  readonly process: ProcessIdentity;
}

/**
 * Everything that is stored of a cluster's members. Small, so that it is read and replaced whole.
 */
export interface MemberTable {
  readonly revision: number;
  /** Sorted by the silo's id. */
  readonly records: readonly MemberRecord[];
  /** By actor type. Earlier versions know nothing of it, and drop it. */
  readonly inForce?: InForceByType;
}

/** Which registration of which silo. */
export interface Registration {
  readonly siloId: string;
  readonly registration: number;
}

export function viewOf(table: MemberTable): View {
  const { revision, records, inForce } = table;
  const members = records.flatMap(({ member }) => readMember(member) ?? []);
  return inForce === undefined
    ? { revision, members }
    : { revision, members, inForce: readableInForce(inForce) };
}

export function findRecord(
  table: MemberTable,
  { siloId, registration }: Registration,
): MemberRecord | undefined {
  return table.records.find(
    (record) => record.member.siloId === siloId && record.registration === registration,
  );
}

/** The table with a new registration, in place of an earlier one of the same silo. */
export function withRegistration(table: MemberTable, record: MemberRecord): MemberTable {
  const others = table.records.filter(({ member }) => member.siloId !== record.member.siloId);
  const records = [...others, record].toSorted((a, b) =>
    a.member.siloId < b.member.siloId ? -1 : 1,
  );
  return { ...table, revision: table.revision + 1, records };
}

/** The table with another expiry of one lease. Not a new revision: no member changed. */
export function withExpiry(
  table: MemberTable,
  record: MemberRecord,
  expiresAt: number,
): MemberTable {
  return {
    ...table,
    records: table.records.map((other) => (other === record ? { ...record, expiresAt } : other)),
  };
}

export function withMember(
  table: MemberTable,
  record: MemberRecord,
  member: StoredMember,
): MemberTable {
  const records = table.records.map((other) => (other === record ? { ...record, member } : other));
  return { ...table, revision: table.revision + 1, records };
}

/** The table with other definitions in force, or undefined if they are not the next changes. */
export function withInForce(table: MemberTable, next: InForceByType): MemberTable | undefined {
  const { revision, inForce } = table;
  if (!follow(next, inForce)) return undefined;
  return { ...table, revision: revision + 1, inForce: { ...inForce, ...next } };
}

/** The table without the records that `isGone` names, or undefined if it names none. */
export function withoutGone(
  table: MemberTable,
  isGone: (record: MemberRecord) => boolean,
): MemberTable | undefined {
  const records = table.records.filter((record) => !isGone(record));
  return records.length === table.records.length
    ? undefined
    : { ...table, revision: table.revision + 1, records };
}

/**
 * Whether the lease's time is over at `nowMs`, which must have been read after the table. An expiry
 * that is much further away than a whole lease was written before the machine started anew (the
 * clock began again), and counts as passed.
 */
export function isExpired(record: MemberRecord, nowMs: number): boolean {
  return record.expiresAt <= nowMs || record.expiresAt > nowMs + 2 * record.ttlMs;
}

function readableInForce(stored: InForceByType): InForceByType {
  const records = Object.entries(stored).flatMap(([type, value]) => {
    const record = readInForce(value);
    return record === undefined ? [] : [[type, record] as const];
  });
  return Object.fromEntries(records);
}
