import { TroupeError } from "@troupe/core";
import type { Actor } from "@troupe/sdk";

type Method = (...args: unknown[]) => unknown;

/**
 * The method of an actor by its name. Throws `NO_SUCH_METHOD` if a definition names one that the
 * class lacks.
 */
export function methodOf(actor: Actor, name: string): Method {
  const method: unknown = (actor as unknown as Record<string, unknown>)[name];
  if (typeof method === "function") return method as Method;
  throw new TroupeError(
    "NO_SUCH_METHOD",
    `${actor.type}/${actor.id} has no method ${name}, which its definition names`,
  );
}
