import {
  closestName,
  DURATION_FORMS,
  type Logger,
  parseDuration,
  shownValue,
  sleep,
  systemClock,
  TroupeError,
} from "@troupe/core";
import { redactText } from "./config/redact.ts";
import type { Settings } from "./config/settings.ts";
import { contextOf } from "./open-ports.ts";

/** A client that is started together with its cluster is often first. */
const WAIT_MS = 3_000;

/** Between two looks at the clusters of a membership. */
const LOOK_EVERY_MS = 100;

/** Names in a message; there may be any number of clusters. */
const NAMES_MAX = 20;

/**
 * Milliseconds for which a client waits for the first silo of a cluster that has never had one.
 * Throws `BAD_CONFIG` for what is neither a duration nor true or false.
 */
export function waitMsOf(wait: unknown): number {
  if (wait === undefined) return WAIT_MS;
  if (typeof wait === "boolean") return wait ? Number.POSITIVE_INFINITY : 0;
  const waitMs = parseDuration(wait);
  if (waitMs !== undefined) return waitMs;
  throw new TroupeError(
    "BAD_CONFIG",
    `wait (connect) ${shownValue(wait)}: give true, false, or ${DURATION_FORMS}`,
  );
}

/**
 * Resolves when the cluster has, or has once had, a silo at its membership, or when that cannot be
 * told. Rejects with `CLUSTER_UNAVAILABLE` if there was none within `waitMs`: the name of the
 * cluster or the membership is most likely wrong.
 */
export async function awaitCluster(
  settings: Settings,
  logger: Logger,
  waitMs: number,
): Promise<void> {
  const { provider, location } = settings.membership;
  const end = systemClock.monotonic() + waitMs;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other.
    const names = await provider.clusters?.(location, contextOf(settings, logger));
    if (names === undefined || names.includes(settings.cluster)) return;
    if (systemClock.monotonic() >= end) {
      const never = neverWas(settings, names);
      if (waitMs === 0) throw new TroupeError("CLUSTER_UNAVAILABLE", never);
      const longer = "connect({ wait: true }) waits for the first silo, however long it takes";
      throw new TroupeError("CLUSTER_UNAVAILABLE", `${never}; ${longer}`);
    }
    // oxlint-disable-next-line no-await-in-loop -- the same.
    await sleep(systemClock, LOOK_EVERY_MS);
  }
}

function neverWas(settings: Settings, names: readonly string[]): string {
  const { cluster } = settings;
  const meant = closestName(cluster, names);
  const guess = meant === undefined ? "" : ` Did you mean ${meant}?`;
  return `the cluster ${cluster} has never had a silo at the membership ${shownLocation(settings)}, where ${listed(names)}${guess} Start a silo of ${cluster}, or give the name of the cluster or the membership that is meant`;
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "there is no cluster.";
  const shown = names.slice(0, NAMES_MAX).join(", ");
  const more = names.length > NAMES_MAX ? `, and ${names.length - NAMES_MAX} more` : "";
  return `the clusters are: ${shown}${more}.`;
}

/** A folder is shown whole, since what is written is often relative. */
function shownLocation({ membership: { provider, location, url } }: Settings): string {
  const folder = provider.folderOf?.(location);
  return folder === undefined ? redactText(url) : `${provider.name}:${folder}`;
}
