import type { Logger } from "@troupe/core";
import type { Catalog } from "../activation/catalog.ts";
import type { PartRegistry } from "../durability/part-registry.ts";
import { ActorImport } from "../inspect/actor-import.ts";
import { ImportSlices } from "../inspect/import-slices.ts";
import { OwnerDesk } from "../inspect/owner-desk.ts";
import type { Deployments } from "../ownership/deployments.ts";
import type { Handoff } from "../ownership/handoff.ts";
import type { Dispatcher } from "../routing/dispatcher.ts";
import type { ComposeParts } from "./session-owner.ts";
import type { SiloActors } from "./silo-actors.ts";
import type { SiloServices } from "./silo-services.ts";

export interface ComposeOwnerDeskParts extends Pick<
  ComposeParts,
  "siloId" | "ports" | "definitions"
> {
  readonly logger: Logger;
  readonly registry: PartRegistry;
  readonly catalog: Catalog;
  readonly handoff: Handoff;
  readonly deployments: Deployments;
  // These are made after the desk.
  actors(): SiloActors;
  dispatcher(): Dispatcher;
  services(): SiloServices;
}

/** What answers operators in the place of a silo's actors. */
export function composeOwnerDesk(parts: ComposeOwnerDeskParts): OwnerDesk {
  const { siloId, ports, definitions, logger, registry, catalog, handoff, deployments } = parts;
  const { clock, stateStore } = ports;
  const actorImport = new ActorImport({
    siloId,
    logger,
    stateStore,
    registry,
    definitions,
    revisionOf: (address) => {
      const isOwner = parts.actors().owns(address) && handoff.mayActivate(address);
      return isOwner ? parts.actors().placement.revision : undefined;
    },
    admitVersion: (type, version) => deployments.admit(type, version),
    endActivation: async (address) => catalog.find(address)?.close("requested"),
    released: (address) => parts.dispatcher().releaseParkedFor(address),
    onEntriesStored: (entries) => parts.services().entriesStored(entries),
  });
  return new OwnerDesk({
    siloId,
    stateStore,
    import: actorImport,
    slices: new ImportSlices(clock),
    activationOf: (address) => catalog.find(address),
    partName: (field) => registry.partOf(field)?.key.name ?? "unknown",
    now: () => clock.monotonic(),
  });
}
