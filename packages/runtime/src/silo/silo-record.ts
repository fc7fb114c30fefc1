import type { Member, TypeAdvert, View } from "@troupe/core";
import { type ActorDefinition, digestOf } from "@troupe/sdk";
import { type SiloOptions, TROUPE_VERSION } from "./silo-options.ts";

/** What a silo writes down of itself when it joins. */
export function recordOf(
  siloId: string,
  address: string,
  {
    definitions,
    options,
    since,
  }: {
    readonly definitions: ReadonlyMap<string, ActorDefinition>;
    readonly options: SiloOptions;
    readonly since: number;
  },
): Member {
  return {
    siloId,
    address,
    state: "joining",
    types: Object.fromEntries(
      [...definitions].map(([name, definition]) => [name, advertOf(definition)]),
    ),
    version: TROUPE_VERSION,
    labels: options.labels ?? {},
    since,
    ...(options.capacity === undefined ? {} : { capacity: options.capacity }),
  };
}

/** What each silo that hosts the type, and does not drain, says of it. */
export function offersOf({ members }: View, type: string): ReadonlyMap<string, readonly string[]> {
  const hosts = members.filter(
    ({ state, types }) => state !== "draining" && Object.hasOwn(types, type),
  );
  return new Map(hosts.map(({ siloId, types }) => [siloId, types[type]?.offers ?? []]));
}

function advertOf(definition: ActorDefinition): TypeAdvert {
  const { version, placement, reentrancy, offers = [] } = definition;
  const advert = { version, digest: digestOf(definition), placement, reentrancy };
  return offers.length === 0 ? advert : { ...advert, offers };
}
