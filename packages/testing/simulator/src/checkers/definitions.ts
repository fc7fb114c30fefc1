import { inForceOf, parseAddress, type View } from "@troupe/core";
import type { History } from "../history.ts";
import type { CheckedRun } from "./check-history.ts";

/** A silo may not have adopted yet as many of the views that it was given. */
const UNADOPTED_MAX = 16;

/** V1: an actor comes to life on a silo that runs the definition of its type that is in force. */
export function checkDefinitions(history: History, { views }: CheckedRun): void {
  for (const { actor, siloId, event, revision } of history.activations) {
    if (event !== "activated") continue;
    const type = parseAddress(actor)?.type ?? "";
    const given = Array.from({ length: UNADOPTED_MAX }, (_, back) => views.get(revision - back));
    if (!given.some((view) => view !== undefined && runsInForce(view, siloId, type)))
      history.violate(
        "V1",
        `${actor} came to life on ${siloId}, whose definition was not in force`,
      );
  }
}

function runsInForce(view: View, siloId: string, type: string): boolean {
  const member = view.members.find((one) => one.siloId === siloId);
  return member?.state === "active" && member.types[type]?.digest === inForceOf(view, type)?.digest;
}
