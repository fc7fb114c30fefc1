import { FailureDetector } from "../membership/failure-detector.ts";
import type { ComposedSilo } from "./compose-silo.ts";
import type { ComposeParts, SessionOwner } from "./session-owner.ts";

/** What finds out that another silo is gone, for the silo that `silo` composes. */
export function composeDetector(
  { siloId, ports }: ComposeParts,
  session: SessionOwner,
  silo: Pick<ComposedSilo, "logger" | "leaseTtlMs" | "links" | "actors" | "agent">,
): FailureDetector {
  return new FailureDetector({
    siloId,
    clock: ports.clock,
    logger: silo.logger,
    leaseTtlMs: silo.leaseTtlMs,
    view: () => session.placement.view,
    linkTo: (to) => silo.links.linkTo(to),
    onProbed: (to) => void silo.actors.tellRelease(to),
    evict: (other) => ports.membership.evict(other),
    confirmsGone: async (witness, other) =>
      (await silo.actors.callSilo(witness, "hasFoundGone", [other])) === true,
    onIsolated: () =>
      silo.agent.giveUp("this silo has no link with most of the others, so it leaves the cluster"),
  });
}
