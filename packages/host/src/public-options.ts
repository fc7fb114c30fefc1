import type { Duration, Logger, Metrics, Provider, Secrets } from "@troupe/core";
import type { AccessRule, DeployOptions, LeasePolicy, WaitingBytes } from "@troupe/runtime";
import type { ActorType, CallFilters, Extension } from "@troupe/sdk";
import { fromObject } from "./config/config-layers.ts";
import { settingsOf } from "./config/load-settings.ts";
import { OPTION_NAMES, type OptionName } from "./config/option-catalog.ts";
import type { LogLevel, Settings } from "./config/settings.ts";
import type { ComponentsOption } from "./hosted-components.ts";
import { createLogger } from "./logging.ts";
import { registryOf } from "./handed-in-providers.ts";

/** What a silo and a client have in common. */
export interface ClusterOptions {
  /** Name of the cluster. Clusters of different names share nothing. Default: `"troupe"`. */
  readonly cluster?: string;
  /**
   * Where the members are: `file:./folder` (processes of one machine), `etcd://host:2379,host:2379`
   * (a cluster of machines), `memory:name` (silos of this process only, for tests), or a URL of one
   * of `providers`. Default: `"file:./.troupe"`.
   */
  readonly membership?: string;
  /**
   * One secret for silos, clients and operators, at least 8 characters. It is never sent; both
   * sides of a link prove that they know it. Whoever knows it may do everything, so `tokens` is
   * better beyond one machine. Default: none is asked for.
   */
  readonly token?: string;
  /**
   * A secret for each role, at least 8 characters, in place of `token`. A silo needs `silo`, and
   * lets in only those roles whose secret it knows. A client needs `client` or `operator`.
   */
  readonly tokens?: TokensOption;
  /**
   * Mutual TLS on every link. Files are read again for new links, so certificates can be renewed
   * while it runs. Default: none.
   */
  readonly tls?: TlsOption;
  /**
   * Providers of other packages, which are found by the schemes of their URLs:
   * `{ providers: [acme()], storage: "acme://…" }`. Default: only those that come with Troupe.
   */
  readonly providers?: readonly Provider[];
  /**
   * Stores, bindings, secrets, settings and locks outside of the code: a folder with files in
   * Dapr's form (`"./components"`), a list of `{ name, type, metadata }`, or either as `from` with
   * `types` of other packages. What they are for is an application, and that is the cluster's name.
   * Everything that is wrong is `BAD_CONFIG` before anything starts. Default: none.
   */
  readonly components?: ComponentsOption;
  /** Default: pino on standard error, for people on a terminal and as JSON otherwise. */
  readonly logger?: Logger;
  /** Of the default logger. Default: `"info"` for a silo, `"warn"` for a client. */
  readonly logLevel?: LogLevel;
  /** Of the default logger. Default: `"pretty"` on a terminal, and else `"json"`. */
  readonly logFormat?: "pretty" | "json";
}

/** The secret of each role. */
export interface TokensOption {
  /** Silos prove to each other that they know it. */
  readonly silo?: string;
  /** Clients may call actors. */
  readonly client?: string;
  /**
   * Of a silo: secrets of clients with names of their own, by the name, which `access` goes by. A
   * client gives its own as `client`, and its `name`.
   */
  readonly clients?: Readonly<Record<string, string>>;
  /** Operators may also see state, drain silos, and send dead letters again. */
  readonly operator?: string;
}

/** Paths of PEM files, or the PEM texts themselves. */
export interface TlsOption {
  /** The authority that signed the certificate of every silo and client. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /**
   * Names of certificates (subject alternative names, or common names), by the role they give.
   * Default: every certificate of the authority may have any role.
   */
  readonly roles?: {
    readonly silo?: readonly string[];
    readonly client?: readonly string[];
    readonly operator?: readonly string[];
  };
}

/** The options of `connect`. */
export interface ConnectOptions extends ClusterOptions {
  /**
   * What to connect as. Default: `"operator"` if its token is known or none is given, else
   * `"client"`.
   */
  readonly role?: "client" | "operator";
  /**
   * The name that this client proves with `tokens.client`: one of those that the silos have in
   * `tokens.clients`. Default: none of its own.
   */
  readonly name?: string;
  /**
   * Classes that are called by name, so that their methods and time limits are known. Classes that
   * are passed to `actor` need not be here.
   */
  readonly actors?: readonly ActorType[];
  /** What each call that is made through this client passes, outermost first. Default: none. */
  readonly filters?: Pick<CallFilters, "outgoing">;
  /**
   * How long to wait for the first silo of a cluster that has never had one: `true` waits as long
   * as it takes, `false` not at all. Default: `"3s"`, and then `connect` rejects with
   * `CLUSTER_UNAVAILABLE`. A cluster whose silos are all away is not waited for; calls are.
   */
  readonly wait?: Duration | boolean;
}

/** The options of `startSilo`. */
export interface SiloOptions extends ClusterOptions {
  /** The actor classes that this silo hosts. */
  readonly actors: readonly ActorType[];
  /**
   * `host:port` to listen on; port 0 takes a free one. Without `token` or `tls` only a loopback
   * address. Default: `"127.0.0.1:0"`.
   */
  readonly listen?: string;
  /** `host:port` at which the others reach this silo. Default: the address that it listens on. */
  readonly advertise?: string;
  /**
   * Where state and reminders are: `file:./folder`, `redis://host:6379`, `rediss://…`,
   * `redis+cluster://host:6379,host:6379`, `postgres://user:password@host:5432/database` (with the
   * package `pg` installed), `memory:name`, or a URL of one of `providers`. Default: where the
   * members are if their provider has stores, else `"file:./.troupe"`.
   */
  readonly storage?: string;
  /**
   * Features of other packages: what they store with actors, run beside them, and answer to
   * operators. All silos of a cluster have to have the same. Default: none.
   */
  readonly extensions?: readonly Extension[];
  /**
   * On SIGTERM and SIGINT the silo drains, and the process ends when nothing else keeps it alive. A
   * second signal ends the process at once. Default: false, and the signals are the program's own.
   */
  readonly signals?: boolean;
  /** Allows to listen beyond this machine without `token` and `tls`. Default: false. */
  readonly allowInsecure?: boolean;
  /** What this silo is known by, for types whose placement asks for labels. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * The silo's share of the actors, against that of the others: with 2 it has twice as many as one
   * with 1. From 0.1 to 100. Default: 1.
   */
  readonly capacity?: number;
  /**
   * How new definitions of actor types come into force while silos are replaced. Give all silos the
   * same.
   */
  readonly deploy?: DeployOptions;
  /** After how long a silo that went silent is given up, from 2 s to 10 min. Default: `"5s"`. */
  readonly leaseTtl?: Duration;
  /**
   * What this silo does while the membership store does not confirm its lease. `"strict"`: it
   * stands still, so that no actor ever runs on two silos. `"available"`: it goes on until it hears
   * that the lease is gone, so that the cluster outlives an outage of the store; an actor may then
   * run twice for a while, but what the older one changes is not stored. Default: `"strict"`.
   */
  readonly leasePolicy?: LeasePolicy;
  /**
   * Takes the storage over if another membership has written it, for example after etcd was lost or
   * the members were moved. Only right if no silo of that membership runs any more. Default: false,
   * and such a silo does not start.
   */
  readonly adoptStorage?: boolean;
  /**
   * What clients may call: the first rule counts that is about the caller, the type and the method,
   * and what no rule is about is refused. Default: every type that is not internal.
   */
  readonly access?: readonly AccessRule[];
  /** What each call to and from this silo's actors passes, outermost first. Default: none. */
  readonly filters?: CallFilters;
  /** Where the numbers of this silo can be read. Default: nowhere. */
  readonly metrics?: Metrics;
  /**
   * How many bytes of calls may wait, before more of them fail with `OVERLOADED`. Default: 16 MiB
   * for one actor, an eighth of the heap for the silo (512 MiB at most), and half of that for the
   * calls that come over one link.
   */
  readonly waitingBytes?: WaitingBytes;
}

/** The options of `connect` that a text can give. */
export const CLIENT_OPTIONS: readonly OptionName[] = [
  "cluster",
  "membership",
  "components",
  "token",
  "tokens.silo",
  "tokens.client",
  "tokens.clients",
  "tokens.operator",
  "name",
  "role",
  "tls.ca",
  "tls.cert",
  "tls.key",
  "tls.roles.silo",
  "tls.roles.client",
  "tls.roles.operator",
  "logLevel",
  "logFormat",
];

/** The options of `startSilo` that a text can give. */
export const SILO_OPTIONS: readonly OptionName[] = OPTION_NAMES.filter(
  (name) => name !== "role" && name !== "name",
);

/** What a program gives to a client besides settings. */
export const CLIENT_VALUES = ["actors", "filters", "logger", "providers", "wait"] as const;

/** What a program gives to a silo besides settings. */
export const SILO_VALUES = [
  "actors",
  "extensions",
  "filters",
  "logger",
  "metrics",
  "providers",
  "signals",
  "waitingBytes",
] as const;

/** The settings of a silo that is started by a program; throws `BAD_CONFIG` with every problem. */
export function siloSettings(options: SiloOptions): Settings {
  const registry = registryOf(options.providers, "startSilo");
  const given = withoutValues(options, SILO_VALUES);
  return settingsOf(fromObject(given, "startSilo", SILO_OPTIONS, SILO_VALUES), registry);
}

/** The settings of a client in a program; throws `BAD_CONFIG` with every problem. */
export function clientSettings(options: ConnectOptions): Settings {
  const registry = registryOf(options.providers, "connect");
  const given = withoutValues(options, CLIENT_VALUES);
  return settingsOf(fromObject(given, "connect", CLIENT_OPTIONS, CLIENT_VALUES), registry);
}

function withoutValues(options: object, values: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !values.includes(name)));
}

/** The default logger, from which the secrets of the settings are kept out. */
export function loggerOf(
  { logLevel, logFormat, access }: Settings,
  defaultLevel: LogLevel,
): Logger {
  return createLogger({
    level: logLevel ?? defaultLevel,
    format: logFormat,
    secrets: secretsIn(access.secrets),
  });
}

function secretsIn({ clients = {}, ...roles }: Secrets): string[] {
  return [...Object.values(roles), ...Object.values(clients)].filter(
    (secret) => secret !== undefined,
  );
}
