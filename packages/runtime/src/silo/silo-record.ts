import type { Member, TypeAdvert } from "@troupe/core";
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

function advertOf(definition: ActorDefinition): TypeAdvert {
  const { version, placement, reentrancy } = definition;
  return { version, digest: digestOf(definition), placement, reentrancy };
}
