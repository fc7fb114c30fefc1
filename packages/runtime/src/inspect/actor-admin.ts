import { type ActorAddress, type DueEntry, LISTED_BUCKET, TroupeError } from "@troupe/core";
import {
  adminMethod,
  type AdminMethod,
  SILO_ADMIN,
  type SiloHost,
  type StoredActorsPage,
  type TypedPageRequest,
} from "@troupe/sdk";
import type { AccessRules } from "../routing/access-rules.ts";
import { activationPage, type ListedActivation } from "./activation-page.ts";
import { contentsOf } from "./actor-contents.ts";
import { duePage } from "./due-page.ts";
import { IdPages } from "./ids-page.ts";
import { pageSizeOf } from "./page-size.ts";

/** Answers what operators ask of the actors of a silo. */
export function actorAdminMethods(
  silo: SiloHost,
  access: AccessRules,
  activations: () => Iterable<ListedActivation>,
): AdminMethod[] {
  const { siloId, stateStore, reminderStore: store } = silo;
  const ids = new IdPages(siloId, { stateStore, activations });
  return [
    adminMethod(SILO_ADMIN.listActivations, (request) => activationPage(activations(), request)),
    adminMethod(SILO_ADMIN.listReminders, async (request) => {
      // Troupe's own entries begin with a dollar sign.
      const isListed = ({ name, address }: DueEntry): boolean =>
        !name.startsWith("$") && silo.owns(address);
      const query = { store, buckets: [...silo.ownedBuckets()], isListed };
      const { entries, next } = await duePage(query, request);
      const reminders = entries.map(({ address: { type, id }, name, dueAt }) => {
        return { type, id, name, nextAt: dueAt };
      });
      return { reminders, next };
    }),
    adminMethod(SILO_ADMIN.listDeadLetters, async (request) => {
      const query = { store, buckets: [LISTED_BUCKET], isListed: isDeadLetter };
      const { entries, next } = await duePage(query, request);
      const letters = entries.map(({ address: { type, id }, name, dueAt }) => {
        return { type, id, seq: Number(name), diedAt: dueAt };
      });
      return { letters, next };
    }),
    adminMethod(SILO_ADMIN.listStoredActors, (request) => storedActorsPage(silo, request)),
    adminMethod(SILO_ADMIN.listContents, (request) => contentsOf(stateStore, request)),
    adminMethod(SILO_ADMIN.listIds, (request, { caller }) => {
      const refusal = access.refusalToFind(caller, request.type);
      if (refusal !== undefined)
        throw new TroupeError("FORBIDDEN", `actors of ${request.type} are not listed: ${refusal}`);
      return ids.page(request);
    }),
  ];
}

/** The name of a dead letter's entry is its number. Other parts may list entries as well. */
function isDeadLetter({ name }: DueEntry): boolean {
  return /^\d+$/.test(name);
}

async function storedActorsPage(
  { stateStore }: SiloHost,
  { type, pageSize, cursor }: TypedPageRequest,
): Promise<StoredActorsPage> {
  const { addresses, next = "" } = await stateStore.list({
    limit: pageSizeOf(pageSize),
    ...(type === "" ? {} : { type }),
    ...(cursor === "" ? {} : { after: cursor }),
  });
  return {
    actors: addresses.map(({ type: name, id }: ActorAddress) => ({ type: name, id })),
    next,
  };
}
