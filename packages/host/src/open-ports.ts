import type { ClientPorts } from "@troupe/client";
import {
  Authentication,
  type Logger,
  type ProviderContext,
  type ReminderStore,
  type Secrets,
  type StateStore,
  systemClock,
  systemRandom,
} from "@troupe/core";
import { Closers } from "./closers.ts";
import { secretsOfClient } from "./config/access-settings.ts";
import { type HostedComponents, openHostedComponents } from "./hosted-components.ts";
import type { Settings } from "./config/settings.ts";
import { renewedCertificates } from "./renewed-certificates.ts";

/** Ports that this package opened, and so has to close. */
export interface OpenPorts<P> {
  readonly ports: P;
  /** Undefined if the settings name none. */
  readonly hosted: HostedComponents | undefined;
  /** Closes them all. Closing twice is harmless. */
  readonly close: () => Promise<void>;
}

interface StoragePorts {
  readonly stateStore: StateStore;
  readonly reminderStore: ReminderStore;
}

/** Opens what a client needs. Rejects within seconds if the membership cannot be reached. */
export function openClientPorts(
  settings: Settings,
  logger: Logger,
): Promise<OpenPorts<ClientPorts>> {
  const context = contextOf(settings, logger);
  return openAll(settings, context, async (closers) => {
    const secrets = secretsOfClient(settings.access);
    return openShared({ ...settings, secrets }, context, closers);
  });
}

/** Opens what a silo needs. Rejects within seconds if one of the stores cannot be reached. */
export function openSiloPorts(
  settings: Settings,
  logger: Logger,
): Promise<OpenPorts<ClientPorts & StoragePorts>> {
  const { membership, storage } = settings;
  const context = contextOf(settings, logger);
  return openAll(settings, context, async (closers) => {
    if (membership.provider.reach === "network" && storage.provider.reach === "machine") {
      logger.warn(
        { folder: storage.provider.folderOf?.(storage.location) },
        "storage is on this machine only, and silos of other machines do not see it",
      );
    }
    const { secrets } = settings.access;
    const shared = await openShared({ ...settings, secrets }, context, closers);
    const { state, reminders } = await storage.open(context);
    return {
      ...shared,
      stateStore: closers.add(state),
      reminderStore: closers.add(reminders),
    };
  });
}

/** What providers of the settings are opened with. */
export function contextOf({ cluster }: Settings, logger: Logger): ProviderContext {
  return { cluster, clock: systemClock, random: systemRandom, logger };
}

/**
 * Opens the components and then the ports, so that a mistake in a component's file is told before
 * a server is waited for. Closes what was opened already if the rest cannot be.
 */
async function openAll<P>(
  { components }: Settings,
  context: ProviderContext,
  open: (closers: Closers) => Promise<P>,
): Promise<OpenPorts<P>> {
  const closers = new Closers();
  try {
    const hosted =
      components === undefined
        ? undefined
        : closers.add(await openHostedComponents(components, context));
    const ports = await open(closers);
    return { ports, hosted, close: () => closers.close() };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function openShared(
  {
    cluster,
    membership,
    transport,
    tls,
    access,
    secrets,
  }: Settings & { readonly secrets: Secrets },
  context: ProviderContext,
  closers: Closers,
): Promise<ClientPorts> {
  const { clock, random, logger } = context;
  const openMembership = closers.add(await membership.open(context));
  const certificates = tls === undefined ? undefined : renewedCertificates(tls, { clock, logger });
  const { certificateRoles } = access;
  const authentication = new Authentication({ cluster, secrets, certificateRoles });
  const openTransport = closers.add(
    await transport.open({ ...context, authentication, tls: certificates }),
  );
  return { clock, random, logger, transport: openTransport, membership: openMembership };
}
