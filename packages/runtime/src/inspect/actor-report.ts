import {
  type ActorAddress,
  copyOfPortable,
  type Fields,
  fromPortable,
  messageOf,
  PortableRef,
  type StoredFields,
  unpackField,
} from "@troupe/core";
import type { ActorReminder, ActorReport, PendingSend as ReportedSend } from "@troupe/sdk";
import { SLOT_PREFIX } from "../durability/state-slots.ts";
import { FIRST_VERSION, VERSION_FIELD } from "../durability/state-version.ts";
import type { ScheduleRecord } from "../reminders/schedule.ts";
import { SCHEDULE_PREFIXES } from "../reminders/schedule-table.ts";
import { OUTBOX_PREFIXES, type PendingSend } from "../sends/outbox.ts";

/** What is reported of an activation. */
export interface ReportedActivation {
  readonly state: string;
  readonly waiting: number;
  readonly turns: readonly { readonly method: string; readonly startedAt: number | undefined }[];
}

export interface ReportParts {
  readonly address: ActorAddress;
  readonly siloId: string;
  readonly stored: StoredFields | undefined;
  readonly activation: ReportedActivation | undefined;
  readonly now: number;
  readonly partName: (field: string) => string;
}

/** Bytes of one slot, and of all slots, that a report shows. */
const SLOT_BYTES_MAX = 64 * 1024;
const STATE_BYTES_MAX = 1024 * 1024;

/** Pending sends that a report lists. */
const LISTED_MAX = 100;

/** An actor as its owner and the store know it. */
export function reportOn(parts: ReportParts): ActorReport {
  const { address, siloId, stored, activation, now } = parts;
  const fields: Fields = stored?.fields ?? new Map();
  const pending = recordsOf(fields, OUTBOX_PREFIXES.pending) as PendingSend[];
  const version = fields.get(VERSION_FIELD);
  return {
    ...address,
    siloId,
    activation: activation?.state ?? "asleep",
    waiting: activation?.waiting ?? 0,
    turns: (activation?.turns ?? []).map(({ method, startedAt = now }) => {
      return { method, ageMs: Math.max(0, Math.round(now - startedAt)) };
    }),
    isStored: fields.size > 0,
    epoch: stored?.epoch ?? 0,
    version: stored?.version ?? 0,
    stateVersion: version === undefined ? FIRST_VERSION : Number(unpackField(version)),
    state: stateOf(fields),
    reminders: (recordsOf(fields, SCHEDULE_PREFIXES.reminder) as ScheduleRecord[])
      .toSorted((one, other) => one.nextAt - other.nextAt)
      .map(reminderOf),
    outbox: pending
      .toSorted((one, other) => one.seq - other.seq)
      .slice(0, LISTED_MAX)
      .map(sendOf),
    pendingSends: pending.length,
    deadLetters: [...fields.keys()].filter((field) => field.startsWith(OUTBOX_PREFIXES.dead))
      .length,
    bytesByPart: bytesByPart(fields, parts),
  };
}

function recordsOf(fields: Fields, prefix: string): unknown[] {
  const found = [...fields].filter(([field]) => field.startsWith(prefix));
  return found.map(([, bytes]) => unpackField(bytes));
}

function stateOf(fields: Fields): Record<string, unknown> {
  const state: Record<string, unknown> = {};
  let left = STATE_BYTES_MAX;
  for (const [field, bytes] of fields) {
    if (!field.startsWith(SLOT_PREFIX)) continue;
    const isShown = bytes.length <= Math.min(SLOT_BYTES_MAX, left);
    if (isShown) left -= bytes.length;
    state[field.slice(SLOT_PREFIX.length)] = isShown ? valueOf(bytes) : `(${bytes.length} bytes)`;
  }
  return state;
}

function valueOf(bytes: Uint8Array): unknown {
  try {
    const payload = { value: unpackField(bytes), revive: true, size: bytes.length };
    return fromPortable(payload, asReference);
  } catch (error) {
    return `(cannot be read: ${messageOf(error)})`;
  }
}

function reminderOf({ name, nextAt, count, failed = 0, data }: ScheduleRecord): ActorReminder {
  return { name, nextAt, count, failed, data: fromPortable(copyOfPortable(data), asReference) };
}

function sendOf({ seq, type, id, method, sentAt }: PendingSend): ReportedSend {
  return { seq, type, id, method, sentAt };
}

function asReference({ type, id }: ActorAddress): PortableRef {
  return new PortableRef(type, id);
}

function bytesByPart(fields: Fields, { partName }: ReportParts): Record<string, number> {
  const sizes: Record<string, number> = {};
  for (const [field, bytes] of fields) {
    const name = partName(field);
    sizes[name] = (sizes[name] ?? 0) + field.length + bytes.length;
  }
  return sizes;
}
