import type { Provider } from "@troupe/core";
import { type ConfigLayer, fromVariables } from "./config/config-layers.ts";
import { settingsOf } from "./config/load-settings.ts";
import type { OptionName } from "./config/option-catalog.ts";
import type { Settings } from "./config/settings.ts";
import { registryOf } from "./handed-in-providers.ts";
import {
  CLIENT_OPTIONS,
  type CLIENT_VALUES,
  type ClusterOptions,
  type ConnectOptions,
  SILO_OPTIONS,
  type SILO_VALUES,
  type SiloOptions,
} from "./public-options.ts";

/** Options of a silo that a text can give. */
export type SiloSettings = Omit<SiloOptions, (typeof SILO_VALUES)[number]>;

/** Options of a client that a text can give. */
export type ClientSettings = Omit<ConnectOptions, (typeof CLIENT_VALUES)[number]>;

/** Where `settingsFromEnvironment` looks. */
export interface EnvironmentPlaces {
  /** Default: `process.env`. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Those whose URLs may be given, besides Troupe's own. */
  readonly providers?: ClusterOptions["providers"];
}

/**
 * The options that the `TROUPE_*` variables give, as the command line reads them: `TROUPE_CLUSTER`,
 * `TROUPE_MEMBERSHIP`, `TROUPE_TOKEN` and the rest, which `npx troupe silo --help` lists. An empty
 * variable counts as not set, and one that only a silo has is passed over for a client.
 *
 * Throws `BAD_CONFIG` that names each variable that is wrong.
 *
 * @example
 * ```ts
 * await using silo = await startSilo({ ...settingsFromEnvironment("silo"), actors: [Account] });
 * await using cluster = await connect(settingsFromEnvironment("client"));
 * ```
 */
export function settingsFromEnvironment(of: "silo", places?: EnvironmentPlaces): SiloSettings;
export function settingsFromEnvironment(of: "client", places?: EnvironmentPlaces): ClientSettings;
export function settingsFromEnvironment(
  of: "silo" | "client",
  { variables = process.env, providers }: EnvironmentPlaces = {},
): SiloSettings | ClientSettings {
  const layer = onlyKnown(fromVariables(variables), of === "silo" ? SILO_OPTIONS : CLIENT_OPTIONS);
  return optionsOf(layer, providers);
}

function onlyKnown({ values, problems }: ConfigLayer, known: readonly OptionName[]): ConfigLayer {
  return { values: new Map([...values].filter(([name]) => known.includes(name))), problems };
}

/** What was given, checked whole, and in the form that a program gives it. */
function optionsOf(layer: ConfigLayer, providers: readonly Provider[] | undefined): SiloSettings {
  const settings = settingsOf(layer, registryOf(providers, "settingsFromEnvironment"));
  const options: Record<string, unknown> = {};
  for (const [name, { value }] of layer.values) {
    const parsed = PARSED[name];
    place(options, name.split("."), parsed === undefined ? value : parsed(settings));
  }
  return options;
}

/** Options that a program gives in another form than a text. */
const PARSED: Partial<Record<OptionName, (settings: Settings) => unknown>> = {
  "tokens.clients": ({ access }) => access.secrets.clients,
  access: ({ accessRules }) => accessRules,
  allowInsecure: ({ allowInsecure }) => allowInsecure,
  labels: ({ labels }) => labels,
  capacity: ({ capacity }) => capacity,
  "deploy.switchAt": ({ switchAt }) => switchAt,
  leaseTtl: ({ leaseTtlMs }) => leaseTtlMs,
  adoptStorage: ({ adoptStorage }) => adoptStorage,
  "tls.roles.silo": ({ access }) => access.certificateRoles?.silo,
  "tls.roles.client": ({ access }) => access.certificateRoles?.client,
  "tls.roles.operator": ({ access }) => access.certificateRoles?.operator,
};

/** Sets a field of an object in an object, as `tls.roles.silo` names it. */
function place(
  options: Record<string, unknown>,
  [own = "", ...rest]: string[],
  value: unknown,
): void {
  if (rest.length === 0) {
    options[own] = value;
    return;
  }
  const group = (options[own] ??= {}) as Record<string, unknown>;
  place(group, rest, value);
}
