import { parseDuration, type ParsedUrl, TroupeError } from "@troupe/core";
import type { AccessRule, LeasePolicy, SwitchAt } from "@troupe/runtime";
import { z } from "zod";
import {
  type ChosenMembership,
  type ChosenStores,
  type ChosenTransport,
  type ProviderRegistry,
  storesBeside,
  transportBeside,
} from "../provider-registry.ts";
import {
  formatHostPort,
  isLoopback,
  isUnspecified,
  parseHostPort,
  type HostPort,
} from "./host-port.ts";
import { accessRules } from "./access-rules-schema.ts";
import type { ComponentsOption } from "../hosted-components.ts";
import { type AccessSettings, accessOf, accessProblems } from "./access-settings.ts";
import type { ConfigProblem } from "./config-problem.ts";
import { isOptionName, OPTIONS, type OptionName } from "./option-catalog.ts";

/** Where members and storage are if nothing else is said. */
const DEFAULT_URL = "file:./.troupe";

/** The links of a cluster whose membership brings none. */
const DEFAULT_TRANSPORT = "grpc:";

const LEASE_TTL_MIN_MS = 2_000;
const LEASE_TTL_MAX_MS = 600_000;
const LABELS_MAX = 64;
const SECRET_MIN_LENGTH = 8;
const CLIENT_SECRETS_MAX = 1_000;

const TLS_OPTIONS = ["tls.ca", "tls.cert", "tls.key"] as const;

/** The message of an issue for which the catalog of options says what would be right. */
const AS_THE_FACTS_SAY = "as the facts say";

/** A value as it was given, and where. */
export interface GivenValue {
  readonly value: unknown;
  readonly source: string;
}

/** What was given for each option, and where. */
export type GivenValues = ReadonlyMap<OptionName, GivenValue>;

/** Options that were checked whole: what holds together holds. */
export interface Settings {
  readonly cluster: string;
  readonly listen: string;
  readonly advertise: string | undefined;
  readonly membership: ChosenMembership;
  readonly storage: ChosenStores;
  readonly transport: ChosenTransport;
  readonly components: ComponentsOption | undefined;
  readonly access: AccessSettings;
  /** What clients may call; undefined if nothing was said. */
  readonly accessRules: readonly AccessRule[] | undefined;
  readonly allowInsecure: boolean;
  readonly tls: TlsFiles | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: number;
  readonly switchAt: SwitchAt | undefined;
  readonly leaseTtlMs: number | undefined;
  readonly leasePolicy: LeasePolicy | undefined;
  readonly adoptStorage: boolean;
  readonly logLevel: LogLevel | undefined;
  readonly logFormat: "pretty" | "json" | undefined;
}

/** Each the path of a PEM file, or the PEM text itself. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** The least important lines that a log still shows. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** The checked settings, or everything that is wrong with them. */
export type SettledSettings =
  | { readonly kind: "settings"; readonly settings: Settings }
  | { readonly kind: "wrong"; readonly problems: readonly ConfigProblem[] };

/** An address that `accepts`; what would be right is said by the option's facts. */
function hostPort(accepts: (address: HostPort) => boolean) {
  return z.string().transform((text, context): HostPort => {
    const parsed = parseHostPort(text);
    if (parsed !== undefined && accepts(parsed)) return parsed;
    context.addIssue(AS_THE_FACTS_SAY);
    return z.NEVER;
  });
}

const path = z.string().min(1);

function url<T>(parse: (text: string) => ParsedUrl<T>) {
  return z.string().transform((text, context): T => {
    const parsed = parse(text);
    if (parsed.kind === "location") return parsed.location;
    context.addIssue(parsed.right);
    return z.NEVER;
  });
}

/** A silo with less has a place on the ring all the same; one with more makes it long. */
const CAPACITY_MIN = 0.1;
const CAPACITY_MAX = 100;

/** A record, or `name=value` pairs as a flag or variable gives them. */
const labels = z
  .union([
    z
      .string()
      .transform(
        (text, context) => readPairs(text) ?? (context.addIssue(AS_THE_FACTS_SAY), z.NEVER),
      ),
    z.record(z.string().min(1), z.string()),
  ])
  .refine((record) => Object.keys(record).length <= LABELS_MAX);

const duration = z.union([z.string(), z.number()]).transform((value, context): number => {
  const parsed = parseDuration(value);
  if (parsed !== undefined && parsed >= LEASE_TTL_MIN_MS && parsed <= LEASE_TTL_MAX_MS)
    return parsed;
  context.addIssue(AS_THE_FACTS_SAY);
  return z.NEVER;
});

const secretText = z.string().min(SECRET_MIN_LENGTH);
const secret = secretText.optional();

/** No name that a client has without proving one. */
const clientName = z.string().regex(/^(?!client-)[a-z0-9][a-z0-9._-]{0,62}$/i);

/** A record, or `name=secret` pairs as a flag or variable gives them. */
const clientSecrets = z
  .union([z.string().transform((text) => readPairs(text) ?? {}), z.record(z.string(), z.string())])
  .pipe(z.record(clientName, secretText))
  .refine((record) => {
    const names = Object.keys(record).length;
    return names > 0 && names <= CLIENT_SECRETS_MAX;
  });

/** A list, or names with commas between them as a flag or variable gives them. */
const certificateNames = z
  .union([
    z.string().transform((text) => text.split(",").map((name) => name.trim())),
    z.array(z.string()),
  ])
  .refine((names) => names.length > 0 && names.every((name) => name !== ""))
  .optional();

/** What is in it is checked when the components are read, where files and lines are known. */
const components = z
  .custom<ComponentsOption>((given) => {
    if (typeof given === "string") return given !== "";
    if (typeof given !== "object" || given === null) return false;
    return Array.isArray(given) || "from" in given;
  })
  .optional();

/** The options whose check does not depend on the providers. */
const PLAIN_OPTIONS = {
  cluster: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i)
    .default("troupe"),
  listen: hostPort(() => true).default({ host: "127.0.0.1", port: 0 }),
  advertise: hostPort(({ host, port }) => port > 0 && !isUnspecified(host)).optional(),
  components,
  token: secret,
  "tokens.silo": secret,
  "tokens.client": secret,
  "tokens.operator": secret,
  "tokens.clients": clientSecrets.optional(),
  name: clientName.optional(),
  role: z.enum(["client", "operator"]).optional(),
  "tls.ca": path.optional(),
  "tls.cert": path.optional(),
  "tls.key": path.optional(),
  "tls.roles.silo": certificateNames,
  "tls.roles.client": certificateNames,
  "tls.roles.operator": certificateNames,
  access: accessRules.optional(),
  allowInsecure: z
    .union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")])
    .default(false),
  labels: labels.default({}),
  capacity: z.coerce.number().min(CAPACITY_MIN).max(CAPACITY_MAX).default(1),
  "deploy.switchAt": z
    .union([z.enum(["first", "all"]), z.coerce.number().positive().max(1)])
    .optional(),
  leaseTtl: duration.optional(),
  leasePolicy: z.enum(["strict", "available"]).optional(),
  adoptStorage: z
    .union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")])
    .default(false),
  logLevel: z.enum(["debug", "info", "warn", "error", "silent"]).optional(),
  logFormat: z.enum(["pretty", "json"]).optional(),
} satisfies Partial<Record<OptionName, unknown>>;

function schemaFor(registry: ProviderRegistry) {
  return z.object({
    ...PLAIN_OPTIONS,
    membership: url((text) => registry.membership(text)).default(() =>
      known(registry.membership(DEFAULT_URL)),
    ),
    storage: url((text) => registry.stores(text)).optional(),
  } satisfies Record<OptionName, unknown>);
}

type Checked = z.output<ReturnType<typeof schemaFor>>;

/** Checks all values, each by itself and then together. */
export function settle(given: GivenValues, registry: ProviderRegistry): SettledSettings {
  const checked = schemaFor(registry).safeParse(
    Object.fromEntries(Array.from(given, ([name, { value }]) => [name, value])),
  );
  if (!checked.success)
    return {
      kind: "wrong",
      problems: checked.error.issues.map((issue) => problemOf(issue, given)),
    };
  const problems = checkTogether(checked.data, given);
  return problems.length > 0
    ? { kind: "wrong", problems }
    : { kind: "settings", settings: toSettings(checked.data, registry) };
}

function problemOf(issue: z.core.$ZodIssue, given: GivenValues): ConfigProblem {
  const option = String(issue.path[0]);
  if (!isOptionName(option)) return { option, source: "default", right: issue.message };
  const found = given.get(option);
  const own =
    issue.code === "custom" &&
    issue.message !== AS_THE_FACTS_SAY &&
    issue.message !== "Invalid input";
  return {
    option,
    source: found?.source ?? "default",
    value: found?.value,
    right: own ? issue.message : OPTIONS[option].right,
  };
}

/** What is right by itself and wrong together. */
function checkTogether(checked: Checked, given: GivenValues): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const wrong = (option: OptionName, right: string): void => {
    problems.push({
      option,
      source: given.get(option)?.source ?? "default",
      value: given.get(option)?.value,
      right,
    });
  };
  const { listen, advertise } = checked;
  if (isUnspecified(listen.host) && advertise === undefined) {
    wrong(
      "listen",
      'nobody can connect to "every interface": set advertise to the host:port that the others reach, or listen there',
    );
  }
  for (const { option, right } of accessProblems(checked)) wrong(option, right);
  const isProven = checked.token !== undefined || checked["tokens.silo"] !== undefined;
  const secured = isProven || checked["tls.cert"] !== undefined;
  if (!secured && !checked.allowInsecure && !isLoopback(listen.host)) {
    wrong(
      "listen",
      "without token or tls anyone who reaches this address could call every actor: set token (TROUPE_TOKEN) or tls, listen on 127.0.0.1, or set allowInsecure if the network is safe",
    );
  }
  const tls = TLS_OPTIONS.filter((name) => checked[name] !== undefined);
  if (tls.length > 0) {
    for (const name of TLS_OPTIONS.filter((other) => !tls.includes(other)))
      wrong(name, `${TLS_OPTIONS.join(", ")} belong together: give this too`);
  }
  return problems;
}

function toSettings(checked: Checked, registry: ProviderRegistry): Settings {
  const { membership, "tls.ca": ca, "tls.cert": cert, "tls.key": key } = checked;
  return {
    cluster: checked.cluster,
    listen: formatHostPort(checked.listen),
    advertise: checked.advertise === undefined ? undefined : formatHostPort(checked.advertise),
    membership,
    components: checked.components,
    storage: checked.storage ?? storesBeside(membership) ?? known(registry.stores(DEFAULT_URL)),
    transport: transportBeside(membership) ?? known(registry.transport(DEFAULT_TRANSPORT)),
    access: accessOf(checked),
    accessRules: checked.access,
    allowInsecure: checked.allowInsecure,
    tls:
      ca === undefined || cert === undefined || key === undefined ? undefined : { ca, cert, key },
    labels: checked.labels,
    capacity: checked.capacity,
    switchAt: checked["deploy.switchAt"],
    leaseTtlMs: checked.leaseTtl,
    leasePolicy: checked.leasePolicy,
    adoptStorage: checked.adoptStorage,
    logLevel: checked.logLevel,
    logFormat: checked.logFormat,
  };
}

/** What a URL of our own names. */
function known<T>(parsed: ParsedUrl<T>): T {
  if (parsed.kind === "location") return parsed.location;
  throw new TroupeError("BAD_CONFIG", `the default location cannot be used: ${parsed.right}`);
}

function readPairs(text: string): Record<string, string> | undefined {
  const pairs = text.split(",").map((pair) => /^\s*([^=\s]+)=(.*)$/.exec(pair));
  if (pairs.some((pair) => pair === null)) return undefined;
  return Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? "", pair?.[2]?.trim() ?? ""]));
}
