import {
  type ActorReferences,
  type ActorSearch,
  ADMIN_LINK,
  type Administered,
  type AdminLink,
  type DeadLetterAccess,
} from "@troupe/client";
import { INSPECT, type Logger, messageOf, TroupeError, type View } from "@troupe/core";
import { Silo as RuntimeSilo, type SiloSnapshot } from "@troupe/runtime";
import type { ActorType, Extension } from "@troupe/sdk";
import type { Components } from "@troupe/components";
import { type ProgramTopics, topics, topicsOf } from "@troupe/topics";
import { checkSiloAccess } from "./config/access-settings.ts";
import { keepFromFailing } from "./actor-failures.ts";
import type { Settings } from "./config/settings.ts";
import { componentsOf, type HostedComponents } from "./hosted-components.ts";
import { openSiloPorts } from "./open-ports.ts";
import { type ProgramValues, programValues } from "./program-values.ts";
import { onShutdownSignals } from "./shutdown-signals.ts";
import { loggerOf, siloSettings, type SiloOptions } from "./public-options.ts";

/** A running silo of this process. */
export interface Silo
  extends
    ActorReferences,
    ActorSearch,
    DeadLetterAccess,
    Administered,
    ProgramTopics,
    AsyncDisposable {
  readonly siloId: string;
  /** `host:port` at which the others reach it. */
  readonly address: string;
  /** The members as this silo knows them. */
  readonly view: View;
  /** The components that `components` named. Throws `BAD_CONFIG` if it named none. */
  readonly components: Components;
  snapshot(): SiloSnapshot;
  /**
   * Drains: moves everything away, leaves the cluster and closes what was opened. Stopping twice is
   * harmless.
   */
  stop(): Promise<void>;
  /** Settles when the silo has stopped, for whatever reason, and what it had opened is closed. */
  readonly stopped: Promise<void>;
}

/**
 * Starts a silo in this process and joins it to its cluster. Resolves when it takes calls.
 *
 * Rejects with `BAD_CONFIG` if an option is wrong, naming each before anything starts, and within
 * seconds with `CLUSTER_UNAVAILABLE` or `STORE_UNAVAILABLE` if a store does not answer.
 *
 * @example
 * ```ts
 * await using silo = await startSilo({ actors: [Account] });
 * await silo.actor(Account, "alice").deposit(5);
 * ```
 */
export async function startSilo(options: SiloOptions): Promise<Silo> {
  const settings = siloSettings(options);
  if (!Array.isArray(options.actors) || options.actors.length === 0) {
    throw new TroupeError(
      "BAD_CONFIG",
      "actors (startSilo): give the actor classes that the silo hosts, such as [Account]",
    );
  }
  const values = programValues(options, "startSilo");
  return openSilo(settings, options.logger ?? loggerOf(settings, "info"), options.actors, values);
}

/** Starts a silo with settings that were checked. */
export async function openSilo(
  settings: Settings,
  logger: Logger,
  actors: readonly ActorType[],
  { signals = false, extensions = [], ...values }: ProgramValues = {},
): Promise<Silo> {
  checkSiloAccess(settings.access);
  for (const warning of settings.access.warnings) logger.warn({ listen: settings.listen }, warning);
  const opened = await openSiloPorts(settings, logger);
  const { ports, hosted } = opened;
  const stopKeeping = keepFromFailing(logger);
  const close = async (): Promise<void> => {
    await opened.close();
    stopKeeping();
  };
  const { cluster, listen, advertise, labels, capacity, switchAt } = settings;
  const { accessRules, leaseTtlMs, leasePolicy, adoptStorage } = settings;
  try {
    const silo = await RuntimeSilo.start(ports, {
      ...values,
      extensions: withTopics(hosted === undefined ? extensions : [...extensions, hosted.extension]),
      cluster,
      actors,
      listen,
      labels,
      capacity,
      adoptStorage,
      ...(advertise === undefined ? {} : { advertise }),
      ...(accessRules === undefined ? {} : { access: accessRules }),
      ...(switchAt === undefined ? {} : { deploy: { switchAt } }),
      ...(leaseTtlMs === undefined ? {} : { leaseTtlMs }),
      ...(leasePolicy === undefined ? {} : { leasePolicy }),
    });
    hosted?.attach(silo);
    const owning = new OwningSilo(silo, { hosted, close, logger });
    if (signals) drainOnSignals(owning, logger);
    return owning;
  } catch (error) {
    await close();
    throw error;
  }
}

/** Every silo has topics, with what the program says of them if it does. */
function withTopics(extensions: readonly Extension[]): readonly Extension[] {
  return extensions.some(({ name }) => name === "topics") ? extensions : [topics(), ...extensions];
}

/** Until the silo has stopped, for whatever reason. */
function drainOnSignals(silo: Silo, logger: Logger): void {
  const forget = onShutdownSignals({
    begin: (signal) => {
      logger.info({ signal }, "the silo drains; a second signal ends the process at once");
      // What goes wrong is logged by the silo itself.
      silo.stop().catch(() => undefined);
    },
    atOnce: () => logger.warn({}, "the process ends at once; what was not stored is lost"),
  });
  silo.stopped.finally(forget).catch(() => undefined);
}

/** What a silo has to close, and what it gives. */
interface OwnedBySilo {
  readonly hosted: HostedComponents | undefined;
  readonly close: () => Promise<void>;
  readonly logger: Logger;
}

/** A silo together with the ports that were opened for it. */
class OwningSilo implements Silo {
  readonly actor: ActorReferences["actor"];
  readonly worker: ActorReferences["worker"];
  readonly actors: ActorSearch["actors"];
  readonly deadLetters: DeadLetterAccess["deadLetters"];
  readonly publish: ProgramTopics["publish"];
  readonly subscribe: ProgramTopics["subscribe"];
  readonly stopped: Promise<void>;
  readonly #silo: RuntimeSilo;
  readonly #hosted: HostedComponents | undefined;

  constructor(silo: RuntimeSilo, { hosted, close, logger }: OwnedBySilo) {
    this.#silo = silo;
    this.#hosted = hosted;
    this.actor = silo.actor.bind(silo);
    this.actors = silo.actors.bind(silo);
    this.worker = silo.worker.bind(silo);
    this.deadLetters = silo.deadLetters.bind(silo);
    const access = topicsOf(silo);
    this.publish = access.publish.bind(access);
    this.subscribe = access.subscribe.bind(access);
    this.stopped = closedAfter(silo, close);
    // Whoever does not wait for the end still sees in the log why it came.
    this.stopped.catch((error: unknown) =>
      logger.error({ reason: messageOf(error) }, "the silo did not stop cleanly"),
    );
  }

  [INSPECT](): string {
    return this.#silo[INSPECT]();
  }

  get siloId(): string {
    return this.#silo.siloId;
  }

  get address(): string {
    return this.#silo.address;
  }

  get view(): View {
    return this.#silo.view;
  }

  get components(): Components {
    return componentsOf(this.#hosted, "startSilo");
  }

  get [ADMIN_LINK](): AdminLink {
    return this.#silo[ADMIN_LINK];
  }

  snapshot(): SiloSnapshot {
    return this.#silo.snapshot();
  }

  async stop(): Promise<void> {
    await this.#silo.stop();
    await this.stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

async function closedAfter(silo: RuntimeSilo, closePorts: () => Promise<void>): Promise<void> {
  try {
    await silo.stopped;
  } finally {
    await closePorts();
  }
}
