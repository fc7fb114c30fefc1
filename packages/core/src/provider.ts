import type { Authentication } from "./authentication.ts";
import type { Clock } from "./clock.ts";
import type { Logger } from "./logger.ts";
import type { MembershipProvider } from "./membership-provider.ts";
import type { Random } from "./random.ts";
import type { ReminderStore } from "./reminder-store.ts";
import type { StateStore } from "./state-store.ts";
import type { Transport } from "./transport.ts";

/** What a URL says, as its provider reads it, or what the user should write instead. */
export type ParsedUrl<Location> =
  | { readonly kind: "location"; readonly location: Location }
  | {
      readonly kind: "wrong";
      /** Completes a message that shows the option and the value: `give a host and a port`. */
      readonly right: string;
    };

/** What every provider is given when it opens a port. */
export interface ProviderContext {
  /** Clusters of different names share nothing, also at one location. */
  readonly cluster: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** PEM texts of mutual TLS. */
export interface TlsTexts {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** What a provider is given to open a transport. */
export interface TransportContext extends ProviderContext {
  /**
   * What to show and to ask for on a link. It is asked for with each new link, because certificates
   * can be renewed. Undefined if the user gave none.
   */
  readonly tls: (() => TlsTexts) | undefined;
  /** What is asked of others on a link, and proven to them. */
  readonly authentication: Authentication;
}

/** The two stores of one location. Each is closed by itself. */
export interface ProviderStores {
  readonly state: StateStore;
  readonly reminders: ReminderStore;
}

/**
 * Describes a package that implements ports: which URLs it understands, and how it opens what they
 * name. The host finds it by the scheme of a URL. A provider that the host does not know is handed
 * in: `startSilo({ providers: [acme()], storage: "acme://…" })`.
 *
 * PRV-1. `parse` reads a URL once, and no other part reads it again. It opens and looks up nothing.
 * PRV-2. A method `open…` that is missing means that the provider does not serve that port.
 * PRV-3. Each `open…` rejects within seconds, with `BAD_CONFIG`, `CLUSTER_UNAVAILABLE` or
 *        `STORE_UNAVAILABLE`, and leaves nothing open then. Whoever opened a port closes it.
 *
 * A descriptor is loaded by every process, so its module should import its database client only
 * inside of `open…`.
 */
export interface Provider<Location = unknown> {
  /** As messages show it: `Redis`. */
  readonly name: string;
  /** Lower-case and without the colon: `redis`, `rediss`. */
  readonly schemes: readonly string[];
  /** A URL as users write it, for messages: `redis://host:6379`. */
  readonly example: string;
  /** Who sees what is stored at a location: this process, this machine, or every machine. */
  readonly reach: "process" | "machine" | "network";
  /** Reads a URL of one of its schemes. Never throws. */
  parse(url: string): ParsedUrl<Location>;
  /** The folder of this machine in which the provider writes. Who watches sources ignores it. */
  folderOf?(location: Location): string;
  /**
   * Names of the clusters that have had a silo at the location, or undefined if that cannot be told
   * or not be asked. Makes and changes nothing. A provider without it lets a client wait for a
   * cluster that never was. Rejects as `openMembership` does (PRV-3).
   */
  clusters?(location: Location, context: ProviderContext): Promise<readonly string[] | undefined>;
  /** Opens the membership of the cluster. */
  openMembership?(location: Location, context: ProviderContext): Promise<MembershipProvider>;
  /** Opens the stores of state and reminders of the cluster. */
  openStores?(location: Location, context: ProviderContext): Promise<ProviderStores>;
  /**
   * Opens the links between processes. A provider of memberships that has it brings the links of
   * its clusters. All other clusters use gRPC.
   */
  openTransport?(location: Location, context: TransportContext): Promise<Transport>;
}
