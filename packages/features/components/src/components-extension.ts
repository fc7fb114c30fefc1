import { adminMethod, type AdminCall, type Extension, listOf, message, text } from "@troupe/sdk";
import { actorComponentsPart } from "./actor-components.ts";
import type { Components } from "./components.ts";
import { deskPart, deskTypes } from "./triggers/trigger-desk.ts";
import { triggersPart } from "./triggers/trigger-part.ts";
import { checkTriggers, TriggerService } from "./triggers/trigger-service.ts";
import { LOCK_ACTOR, lockActor } from "./kinds/lock-actor.ts";

const componentReport = message("ComponentReport", {
  name: text,
  type: text,
  version: text,
  place: text,
  health: text,
  /** Why it is not well; empty if it is. */
  reason: text,
  capabilities: listOf(text),
});

const componentsResponse = message("ComponentsResponse", { components: listOf(componentReport) });

/** A component, as a silo tells operators of it. */
export type ComponentReport = ReturnType<typeof componentReport.read>;

/** Asks a silo for its components. */
export const LIST_COMPONENTS: AdminCall<object, ReturnType<typeof componentsResponse.read>> = {
  name: "listComponents",
  role: "operator",
  request: message("Empty", {}),
  response: componentsResponse,
};

/**
 * The extension that gives a silo's actors `this.components`, hosts the actors that components work
 * with, and tells operators of the components. Whoever opened the components closes them, after the
 * silo has stopped.
 *
 * `startSilo({ components })` adds it by itself.
 */
export function componentsExtension(components: Components): Extension {
  return {
    name: "components",
    types: (definitions) => {
      checkTriggers(definitions, components);
      return [...(definitions.has(LOCK_ACTOR) ? [] : [lockActor]), ...deskTypes(definitions)];
    },
    parts: () => [actorComponentsPart(components), triggersPart, deskPart],
    services: (silo) => [new TriggerService(silo, components)],
    adminMethods: () => [adminMethod(LIST_COMPONENTS, () => reportOf(components))],
  };
}

function reportOf(components: Components): { components: ComponentReport[] } {
  return {
    components: components.list().map(({ name, type, version, place, ...info }) => ({
      name,
      type,
      version,
      place,
      health: info.health,
      reason: info.reason ?? "",
      capabilities: info.capabilities,
    })),
  };
}
