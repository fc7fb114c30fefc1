import type { ActorAddress } from "@troupe/core";
import type { AdminClient } from "./admin-client.ts";
import { checkType } from "./hosted-types.ts";
import { amountOf, type ExportEnd, type ExportHeader, type ExportLine } from "./export-format.ts";

/** Actors whose contents are read together. */
const READ_AT_ONCE = 100;

/**
 * The lines of an export: of all stored actors, or of those of the types that the header names.
 *
 * Each actor is as it was at one moment, and each at another one. It wakes no actor and claims
 * none, so owners do not notice. It holds one answer of a silo in memory at a time, of about 1 MiB,
 * or one actor that is larger. An actor that is stored all the time is there; with Redis now and
 * then twice.
 *
 * Throws `NO_SUCH_ACTOR_TYPE` for a type that no silo hosts and of which nothing is stored.
 */
export async function* exportActors(
  admin: AdminClient,
  header: ExportHeader,
): AsyncGenerator<ExportLine, void, undefined> {
  yield { kind: "header", header };
  let total: ExportEnd = { actors: 0, fields: 0, bytes: 0 };
  for (const type of header.types ?? [undefined]) {
    const before = total.actors;
    // oxlint-disable-next-line no-await-in-loop -- one type after the other.
    for await (const addresses of groupsOf(
      admin.storedActors(type === undefined ? {} : { type }),
    )) {
      for await (const actor of admin.contents(addresses)) {
        total = sumOf(total, amountOf(actor));
        yield { kind: "actor", actor };
      }
    }
    if (type !== undefined && total.actors === before) checkType(admin.view, type);
  }
  yield { kind: "end", end: total };
}

export function sumOf(one: ExportEnd, other: ExportEnd): ExportEnd {
  return {
    actors: one.actors + other.actors,
    fields: one.fields + other.fields,
    bytes: one.bytes + other.bytes,
  };
}

async function* groupsOf(
  addresses: AsyncIterable<ActorAddress>,
): AsyncGenerator<readonly ActorAddress[], void, undefined> {
  let group: ActorAddress[] = [];
  for await (const address of addresses) {
    group.push(address);
    if (group.length < READ_AT_ONCE) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
