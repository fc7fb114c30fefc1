/** What is known of one option besides its schema. */
export interface OptionEntry {
  /** Of the command line, without dashes. */
  readonly flag: string;
  /** How help shows the flag's value; undefined for a switch. */
  readonly argument: string | undefined;
  readonly variable: string;
  readonly help: string;
  /** What would be right, for error messages. */
  readonly right: string;
  /** Never shown. */
  readonly secret: boolean;
}

function option(
  flag: string,
  argument: string | undefined,
  help: string,
  more: { readonly right: string; readonly secret?: true },
): OptionEntry {
  const variable = `TROUPE_${flag.toUpperCase().replaceAll("-", "_")}`;
  return { flag, argument, variable, help, right: more.right, secret: more.secret ?? false };
}

function tokenOption(role: string, why: string): OptionEntry {
  return option(`token-${role}`, "<secret>", `secret of the role ${role}: ${why}`, {
    right: "give a text of at least 8 characters",
    secret: true,
  });
}

function roleOption(role: string): OptionEntry {
  return option(`tls-roles-${role}`, "<name,…>", `names of certificates that may be a ${role}`, {
    right: 'give names that stand in certificates, such as "silo.bank.internal"',
  });
}

/**
 * Every option that can be given by a flag, by a variable or in `troupe.config.json`, by its name
 * there.
 */
export const OPTIONS = {
  cluster: option("cluster", "<name>", "name of the cluster (default: troupe)", {
    right: "give 1 to 63 letters, digits, dots, dashes or underscores, the first a letter or digit",
  }),
  listen: option(
    "listen",
    "<host:port>",
    "address to listen on; port 0 takes a free one (default: 127.0.0.1:0)",
    {
      right: 'give host:port, such as "127.0.0.1:7100" or "[::1]:7100"',
    },
  ),
  advertise: option(
    "advertise",
    "<host:port>",
    "address at which the others reach this silo; an IP address, or its loss is noticed only with its lease (default: the listening one)",
    {
      right:
        'give the host:port that the other silos and clients connect to, such as "10.0.0.5:7100"',
    },
  ),
  membership: option(
    "membership",
    "<url>",
    "where the members are: file:FOLDER or etcd://HOST:PORT,… (default: file:./.troupe)",
    {
      right: 'give "file:./folder" (one machine) or "etcd://host:2379" (a cluster)',
    },
  ),
  storage: option(
    "storage",
    "<url>",
    "where state and reminders are: file:FOLDER, redis://HOST:PORT or postgres://HOST:PORT/DATABASE (default: file:./.troupe)",
    {
      right:
        'give "file:./folder" (one machine), "redis://host:6379" or "postgres://host:5432/database" (a cluster)',
    },
  ),
  components: option(
    "components",
    "<path>",
    "folder or file with components: databases, brokers, secrets, settings (default: none)",
    {
      right:
        'give a folder such as "./components", or a list of { name, type, metadata }, or { from, types, secretScopes, callTimeout }',
    },
  ),
  token: option(
    "token",
    "<secret>",
    "one secret for silos, clients and operators; prefer the variable, since others can read flags",
    {
      right: "give a text of at least 8 characters",
      secret: true,
    },
  ),
  "tokens.silo": tokenOption("silo", "silos prove to each other that they know it"),
  "tokens.client": tokenOption("client", "a client may call actors"),
  "tokens.operator": tokenOption(
    "operator",
    "an operator may also see state, drain silos and send dead letters again",
  ),
  "tokens.clients": option(
    "token-clients",
    "<name=secret,…>",
    "secrets of clients with names of their own, which rules of access go by",
    {
      right:
        'give names of letters, digits, dots, dashes and underscores that do not begin with "client-", each with a secret of at least 8 characters, such as shop=…,kiosk=…',
      secret: true,
    },
  ),
  name: option("client-name", "<name>", "name that a client proves, with the token of that name", {
    right: 'give a name that the silos have in tokens.clients, such as "shop"',
  }),
  role: option("role", "<role>", "what to connect as: client or operator (default: as the token)", {
    right: 'give "client" or "operator"',
  }),
  "tls.ca": option(
    "tls-ca",
    "<file>",
    "certificate authority (PEM) that signed every certificate of the cluster",
    {
      right: "give the path of a PEM file",
    },
  ),
  "tls.cert": option("tls-cert", "<file>", "certificate (PEM) of this process", {
    right: "give the path of a PEM file",
  }),
  "tls.key": option("tls-key", "<file>", "private key (PEM) of the certificate", {
    right: "give the path of a PEM file",
    secret: true,
  }),
  "tls.roles.silo": roleOption("silo"),
  "tls.roles.client": roleOption("client"),
  "tls.roles.operator": roleOption("operator"),
  access: option("access", "<json>", "what clients may call: rules as JSON", {
    right: 'give rules, such as [{"caller": "shop", "types": ["Cart"]}]',
  }),
  allowInsecure: option(
    "allow-insecure",
    undefined,
    "listen beyond this machine without token or TLS",
    {
      right: "give true or false",
    },
  ),
  labels: option("labels", "<name=value,…>", "labels of this silo", {
    right: 'give name=value pairs, such as "zone=a,disk=ssd"',
  }),
  capacity: option(
    "capacity",
    "<number>",
    "share of the actors, against that of the other silos (default: 1)",
    { right: "give a number from 0.1 to 100" },
  ),
  "deploy.switchAt": option(
    "switch-at",
    "<share>",
    "when a new definition of an actor type comes into force: first, all, or the share of its silos that run it (default: 0.5)",
    { right: 'give "first", "all", or a number above 0 and up to 1' },
  ),
  leaseTtl: option(
    "lease-ttl",
    "<duration>",
    "time after which a silo that went silent is given up (default: 5s)",
    {
      right: 'give a duration from "2s" to "10m"',
    },
  ),
  leasePolicy: option(
    "lease-policy",
    "<policy>",
    "what a silo does while it cannot renew its lease: strict (stands still) or available (goes on) (default: strict)",
    {
      right:
        'give "strict" (an actor never runs twice) or "available" (the cluster outlives its membership store)',
    },
  ),
  adoptStorage: option(
    "adopt-storage",
    undefined,
    "take the storage over if another membership has written it",
    {
      right: "give true or false",
    },
  ),
  logLevel: option("log-level", "<level>", "debug, info, warn, error or silent", {
    right: 'give "debug", "info", "warn", "error" or "silent"',
  }),
  logFormat: option("log-format", "<format>", "pretty or json (default: pretty on a terminal)", {
    right: 'give "pretty" or "json"',
  }),
} as const satisfies Record<string, OptionEntry>;

/** The name of an option, as a program and the configuration file write it. */
export type OptionName = keyof typeof OPTIONS;

/** The names of all options. */
export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];

/** Whether there is an option of that name. */
export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}
