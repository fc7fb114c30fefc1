import { silentLogger, sleep, systemClock, TroupeError, type View } from "@troupe/core";
import { openCluster, type Settings } from "@troupe/host";
import { printNote } from "./terminal.ts";

/**
 * A little more than a lease lasts by default: silos of a `dev` that was killed are gone by then.
 */
const LEFT_BEHIND_MS = 6_000;

const LOOK_EVERY_MS = 100;

/** Addresses in the message; there may be any number of silos. */
const ADDRESSES_MAX = 5;

/**
 * Rejects with `BAD_CONFIG` if silos of the cluster run already. Those that are just going are
 * waited for.
 */
export async function refuseRunning(settings: Settings): Promise<void> {
  const cluster = await openCluster(settings, silentLogger);
  try {
    const end = systemClock.monotonic() + LEFT_BEHIND_MS;
    if (cluster.view.members.length > 0)
      printNote(`silos of the cluster ${settings.cluster} run already; waiting for their end`);
    while (cluster.view.members.length > 0) {
      if (systemClock.monotonic() >= end) throw running(settings.cluster, cluster.view);
      // oxlint-disable-next-line no-await-in-loop -- one look after the other.
      await sleep(systemClock, LOOK_EVERY_MS);
    }
  } finally {
    await cluster.close();
  }
}

function running(name: string, { members }: View): TroupeError {
  const addresses = members.slice(0, ADDRESSES_MAX).map(({ address }) => address);
  const more = members.length > ADDRESSES_MAX ? ", …" : "";
  const silos = members.length === 1 ? "1 silo" : `${members.length} silos`;
  return new TroupeError(
    "BAD_CONFIG",
    `the cluster ${name} runs already, with ${silos} at ${addresses.join(", ")}${more}, perhaps by another troupe dev in this folder; end that one, give this one another name with --cluster, or let it join the running silos with --join`,
  );
}
