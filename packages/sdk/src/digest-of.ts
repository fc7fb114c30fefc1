import { createHash } from "node:crypto";
import { type ActorDefinition, handlersOf } from "./actor-definition.ts";

/**
 * A short text that is equal for two definitions exactly if silos that have one each can host the
 * type together: same name, version, reentrancy, methods with their flags, slots, reminders and
 * timers, in whatever order they were written.
 *
 * Names of handlers are not part of it, since only the silo itself calls them; nor are times and
 * limits, which a deployment may tune silo by silo.
 */
export function digestOf(definition: ActorDefinition): string {
  const { name, version, reentrancy } = definition;
  const methods = [...definition.methods.values()].map((method) => [
    method.name,
    method.concurrency,
    method.oneWay,
    method.idempotent,
  ]);
  const slots = definition.slots.map((slot) => [slot.name, slot.save]);
  const parts = [
    [name, version, reentrancy],
    sorted(methods),
    sorted(slots),
    sorted([...handlersOf(definition, "reminder").keys()]),
    sorted([...handlersOf(definition, "timer").keys()]),
    ...otherHandlers(definition),
    ...(definition.worker === undefined ? [] : ["stateless worker"]),
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 16);
}

/** Those of kinds that types had none of when digests began: so old digests stay what they were. */
function otherHandlers({ handlers }: ActorDefinition): unknown[] {
  const others = [...handlers].filter(
    ([kind, names]) => kind !== "reminder" && kind !== "timer" && names.size > 0,
  );
  return others.length === 0
    ? []
    : [sorted(others.map(([kind, names]) => [kind, sorted([...names.keys()])]))];
}

/** By code units of their JSON, so that the order does not depend on the locale of a machine. */
function sorted(items: readonly unknown[]): string[] {
  return items.map((item) => JSON.stringify(item)).toSorted();
}
