import {
  type ActorReferences,
  type ActorSearch,
  ADMIN_LINK,
  type Administered,
  type AdminLink,
  ClusterClient,
  type DeadLetterAccess,
} from "@troupe/client";
import { INSPECT, type Logger, siloCount, type View } from "@troupe/core";
import type { Components } from "@troupe/components";
import type { ActorType } from "@troupe/sdk";
import { type ProgramTopics, topicsOf } from "@troupe/topics";
import { awaitCluster, waitMsOf } from "./await-cluster.ts";
import { secretsOfClient } from "./config/access-settings.ts";
import type { Settings } from "./config/settings.ts";
import { componentsOf, type HostedComponents } from "./hosted-components.ts";
import { openClientPorts } from "./open-ports.ts";
import { type ProgramValues, programValues } from "./program-values.ts";
import { clientSettings, type ConnectOptions, loggerOf } from "./public-options.ts";

/** A cluster as a program outside of it sees it: a place to get references from. */
export interface Cluster
  extends
    ActorReferences,
    ActorSearch,
    DeadLetterAccess,
    Administered,
    ProgramTopics,
    AsyncDisposable {
  /** The members as this process knows them. */
  readonly view: View;
  /** The components that `components` named. Throws `BAD_CONFIG` if it named none. */
  readonly components: Components;
  /** Ends every call that is under way with `CANCELLED`. Closing twice is harmless. */
  close(): Promise<void>;
}

/**
 * Connects to a cluster from outside. Calls go straight to the silo that owns the actor.
 *
 * Rejects with `BAD_CONFIG` if an option is wrong, naming each, and within seconds with
 * `CLUSTER_UNAVAILABLE` if the membership store does not answer, or if the cluster has never had a
 * silo there (see `wait`).
 *
 * @example
 * ```ts
 * await using cluster = await connect({ cluster: "bank", membership: "etcd://10.0.0.2:2379" });
 * await cluster.actor(Account, "alice").read();
 * ```
 */
export async function connect(options: ConnectOptions = {}): Promise<Cluster> {
  const settings = clientSettings(options);
  const values = programValues(options, "connect");
  const logger = options.logger ?? loggerOf(settings, "warn");
  secretsOfClient(settings.access);
  await awaitCluster(settings, logger, waitMsOf(options.wait));
  return openCluster(settings, logger, options.actors, values);
}

/** Connects with settings that were checked. */
export async function openCluster(
  settings: Settings,
  logger: Logger,
  actors: readonly ActorType[] = [],
  values: Pick<ProgramValues, "filters"> = {},
): Promise<Cluster> {
  const { ports, hosted, close } = await openClientPorts(settings, logger);
  const { cluster, access } = settings;
  try {
    const client = await ClusterClient.connect(ports, {
      ...values,
      cluster,
      actors,
      role: access.role,
      name: access.name,
    });
    hosted?.attach(client);
    return new OwningCluster(cluster, client, { hosted, close });
  } catch (error) {
    await close();
    throw error;
  }
}

/** What a client has to close, and what it gives. */
interface OwnedByCluster {
  readonly hosted: HostedComponents | undefined;
  readonly close: () => Promise<void>;
}

/** A client together with the ports that were opened for it. */
class OwningCluster implements Cluster {
  readonly actor: ActorReferences["actor"];
  readonly worker: ActorReferences["worker"];
  readonly actors: ActorSearch["actors"];
  readonly deadLetters: DeadLetterAccess["deadLetters"];
  readonly publish: ProgramTopics["publish"];
  readonly subscribe: ProgramTopics["subscribe"];
  readonly #client: ClusterClient;
  readonly #name: string;
  readonly #owned: OwnedByCluster;

  constructor(name: string, client: ClusterClient, owned: OwnedByCluster) {
    this.#name = name;
    this.#client = client;
    this.#owned = owned;
    this.actor = client.actor.bind(client);
    this.actors = client.actors.bind(client);
    this.worker = client.worker.bind(client);
    this.deadLetters = client.deadLetters.bind(client);
    const topics = topicsOf(client);
    this.publish = topics.publish.bind(topics);
    this.subscribe = topics.subscribe.bind(topics);
  }

  [INSPECT](): string {
    return `Cluster <${this.#name}, ${siloCount(this.view)}>`;
  }

  get view(): View {
    return this.#client.view;
  }

  get components(): Components {
    return componentsOf(this.#owned.hosted, "connect");
  }

  get [ADMIN_LINK](): AdminLink {
    return this.#client[ADMIN_LINK];
  }

  async close(): Promise<void> {
    try {
      await this.#client.close();
    } finally {
      await this.#owned.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
