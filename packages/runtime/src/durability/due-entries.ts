import { bucketOf } from "@troupe/client";
import { type ActorAddress, type DueEntry, formatAddress, REMINDER_BUCKETS } from "@troupe/core";
import type { ScheduleRecord } from "../reminders/schedule.ts";
import type { DeadLetter, OutboxState } from "./outbox.ts";

/**
 * The entry that makes somebody look for letters that a dead silo left behind. No reminder can have
 * this name.
 */
export const OUTBOX_CHECK = "$outbox";

/**
 * Dead letters have a bucket of their own, which no silo reads for reminders: so they can be
 * listed.
 */
export const DEAD_LETTER_BUCKET = REMINDER_BUCKETS;

/**
 * What stands in the due index for a stored record, by the kind that the field's name tells;
 * undefined for most.
 */
export function dueEntryOf(
  address: ActorAddress,
  field: string,
  record: unknown,
): DueEntry | undefined {
  if (record === undefined) return undefined;
  const name = field.slice(2);
  switch (field.slice(0, 2)) {
    case "r:":
      return {
        bucket: bucketOf(formatAddress(address)),
        address,
        name,
        dueAt: (record as ScheduleRecord).nextAt,
        tag: "",
      };
    case "n:": {
      const { checkAt } = record as OutboxState;
      return checkAt === undefined
        ? undefined
        : {
            bucket: bucketOf(formatAddress(address)),
            address,
            name: OUTBOX_CHECK,
            dueAt: checkAt,
            tag: "",
          };
    }
    case "l:":
      return {
        bucket: DEAD_LETTER_BUCKET,
        address,
        name,
        dueAt: (record as DeadLetter).diedAt,
        tag: "",
      };
    default:
      return undefined;
  }
}
