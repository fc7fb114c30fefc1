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
  const known = new Map(before.members.map((member) => [member.siloId, member.state]));
  for (const { siloId, address, state } of after.members) {
    const was = known.get(siloId);
    known.delete(siloId);
    if (siloId === self || state !== "active" || was === "active") continue;
    logger.info({ event: "silo_joined", peer: siloId, address, members }, "another silo is active");
  }
  if (known.size === 0) return;
  for (const { siloId, address, state } of before.members) {
    if (siloId === self || !known.has(siloId)) continue;
    logger.info(
      { event: "silo_left", peer: siloId, address, state, members },
      state === "draining"
        ? "another silo has drained and left"
        : "another silo is no member any more: it lost its lease, or was stopped at once",
    );
  }
}
