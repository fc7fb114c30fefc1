import type { Logger, View } from "@troupe/core";

/**
 * Says in the log which other silos came into service and which went, from one view to a later one.
 */
export function logMemberEvents(
  logger: Logger,
  self: string,
  { before, after }: { readonly before: View; readonly after: View },
): void {
  const members = after.members.length;
  for (const { siloId, address } of activeOthers(after, self)) {
    if (activeOthers(before, self).some((other) => other.siloId === siloId)) continue;
    logger.info({ event: "silo_joined", peer: siloId, address, members }, "another silo is active");
  }
  for (const { siloId, address, state } of before.members) {
    if (siloId === self || after.members.some((other) => other.siloId === siloId)) continue;
    logger.info(
      { event: "silo_left", peer: siloId, address, state, members },
      state === "draining"
        ? "another silo has drained and left"
        : "another silo is no member any more: it lost its lease, or was stopped at once",
    );
  }
}

function activeOthers({ members }: View, self: string): View["members"] {
  return members.filter(({ siloId, state }) => siloId !== self && state === "active");
}
