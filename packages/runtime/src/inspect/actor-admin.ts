import type { DueEntry, ReminderStore } from "@troupe/core";
import { adminMethod, type AdminMethod, SILO_ADMIN } from "@troupe/sdk";
import { activationPage, type ListedActivation } from "./activation-page.ts";
import { duePage } from "./due-page.ts";

export interface ActorAdminParts {
  readonly reminderStore: ReminderStore;
  /** The buckets of the due index that hold entries of this silo's actors. */
  ownedBuckets(): Iterable<number>;
  owns(address: DueEntry["address"]): boolean;
  activations(): Iterable<ListedActivation>;
  /** The bucket of the due index that names every dead letter. */
  readonly deadLetterBucket: number;
}

/** Answers what operators ask of the actors of a silo. */
export function actorAdminMethods(parts: ActorAdminParts): AdminMethod[] {
  return [
    adminMethod(SILO_ADMIN.listActivations, (request) =>
      activationPage(parts.activations(), request),
    ),
    adminMethod(SILO_ADMIN.listReminders, async (request) => {
      const query = {
        store: parts.reminderStore,
        buckets: [...parts.ownedBuckets()],
        // Troupe's own entries begin with a dollar sign.
        isListed: ({ name, address }: DueEntry) => !name.startsWith("$") && parts.owns(address),
      };
      const { entries, next } = await duePage(query, request);
      const reminders = entries.map(({ address: { type, id }, name, dueAt }) => {
        return { type, id, name, nextAt: dueAt };
      });
      return { reminders, next };
    }),
    adminMethod(SILO_ADMIN.listDeadLetters, async (request) => {
      const query = {
        store: parts.reminderStore,
        buckets: [parts.deadLetterBucket],
        // The name of a dead letter's entry is its number.
        isListed: ({ name }: DueEntry) => /^\d+$/.test(name),
      };
      const { entries, next } = await duePage(query, request);
      const letters = entries.map(({ address: { type, id }, name, dueAt }) => {
        return { type, id, seq: Number(name), diedAt: dueAt };
      });
      return { letters, next };
    }),
  ];
}
