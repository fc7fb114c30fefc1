import type { ActorReferences } from "@troupe/client";
import type { Components, ComponentDeclaration, SecretScope } from "@troupe/components";
import {
  type Clock,
  type ComponentType,
  type Duration,
  type Logger,
  type Random,
  TroupeError,
} from "@troupe/core";
import type { Extension } from "@troupe/sdk";

/** Components with what belongs to all of them. */
export interface ComponentsSettings {
  /** A folder or a file with components in Dapr's form, or a list of declarations. */
  readonly from: string | readonly ComponentDeclaration[];
  /** Types of other packages. Default: those that come with Troupe. */
  readonly types?: readonly ComponentType[];
  /** Which secrets may be read, by the names of secret stores. Default: all. */
  readonly secretScopes?: Readonly<Record<string, SecretScope>>;
  /** How long a call of a component may take. Default: "10s". */
  readonly callTimeout?: Duration;
}

/** The option `components`. */
export type ComponentsOption = string | readonly ComponentDeclaration[] | ComponentsSettings;

/** What components are opened with. */
export interface ComponentsContext {
  /** The application whose components they are. */
  readonly cluster: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Components that belong to a silo or a client of this process. */
export interface HostedComponents {
  readonly components: Components;
  /** What a silo needs for them. */
  readonly extension: Extension;
  /** The silo or the client is there: components that work with actors can call them. */
  attach(caller: Pick<ActorReferences, "actor">): void;
  close(): Promise<void>;
}

/**
 * Opens the components that the option names. They are opened before the silo is, so that what is
 * wrong with them is said before anything starts.
 *
 * The package of components is loaded only if there are any.
 */
export async function openHostedComponents(
  option: ComponentsOption,
  { cluster, clock, random, logger }: ComponentsContext,
): Promise<HostedComponents> {
  const { openComponents, componentsExtension } = await import("@troupe/components");
  const { from, ...more } = settingsIn(option);
  let caller: Pick<ActorReferences, "actor"> | undefined;
  const actors = {
    actor: (type: string, id: string) => {
      if (caller !== undefined) return caller.actor(type, id);
      throw new TroupeError("COMPONENT_UNAVAILABLE", "the silo has not started yet", { ran: "no" });
    },
  };
  const components = await openComponents({
    ...more,
    components: from,
    appId: cluster,
    actors,
    clock,
    random,
    logger,
  });
  return {
    components,
    extension: componentsExtension(components),
    attach: (given) => {
      caller = given;
    },
    close: () => components.close(),
  };
}

/** The components; throws `BAD_CONFIG` if there are none. */
export function componentsOf(hosted: HostedComponents | undefined, where: string): Components {
  if (hosted !== undefined) return hosted.components;
  throw new TroupeError(
    "BAD_CONFIG",
    `there are no components; give ${where} the option components`,
  );
}

function settingsIn(option: ComponentsOption): ComponentsSettings {
  if (typeof option === "string" || isList(option)) return { from: option };
  return option;
}

function isList(option: ComponentsOption): option is readonly ComponentDeclaration[] {
  return Array.isArray(option);
}
