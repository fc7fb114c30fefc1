import {
  type MembershipProvider,
  type ParsedUrl,
  type Provider,
  type ProviderContext,
  type ProviderStores,
  type Transport,
  type TransportContext,
} from "@troupe/core";
import { embeddedProvider } from "@troupe/embedded/provider";
import { etcdProvider } from "@troupe/etcd/provider";
import { grpcProvider } from "@troupe/grpc/provider";
import { memoryProvider } from "@troupe/memory/provider";
import { postgresProvider } from "@troupe/postgres/provider";
import { redisProvider } from "@troupe/redis/provider";
import { schemeOf } from "./config/url-scheme.ts";

/** The providers that come with Troupe. Their modules are light: see `Provider`. */
const BUILT_IN: readonly Provider[] = [
  embeddedProvider,
  memoryProvider,
  etcdProvider,
  redisProvider,
  postgresProvider,
  grpcProvider,
];

/** A provider with the location that it read, and how to open one port there. */
export interface Chosen<Port, Context = ProviderContext> {
  readonly provider: Provider;
  /** Only the provider itself knows its form. */
  readonly location: unknown;
  /** As it was written; it may hold a password. */
  readonly url: string;
  open(context: Context): Promise<Port>;
}

/** The provider of the members, and where they are. */
export type ChosenMembership = Chosen<MembershipProvider>;
/** The provider of the stores, and where they are. */
export type ChosenStores = Chosen<ProviderStores>;
/** The provider of the links, and what it listens to. */
export type ChosenTransport = Chosen<Transport, TransportContext>;

type Open<Port, Context> = (location: unknown, context: Context) => Promise<Port>;

/** How one port is found in a descriptor, and named in messages. */
interface PortKind<Port, Context> {
  /** What the option is for, as in "Redis does not hold members". */
  readonly holds: string;
  openOf(provider: Provider): Open<Port, Context> | undefined;
}

const MEMBERSHIP: PortKind<MembershipProvider, ProviderContext> = {
  holds: "members",
  openOf: (provider) => provider.openMembership?.bind(provider),
};

const STORES: PortKind<ProviderStores, ProviderContext> = {
  holds: "storage",
  openOf: (provider) => provider.openStores?.bind(provider),
};

const TRANSPORT: PortKind<Transport, TransportContext> = {
  holds: "links",
  openOf: (provider) => provider.openTransport?.bind(provider),
};

const PORT_KINDS = [MEMBERSHIP, STORES, TRANSPORT] as const;

const WHO_SEES = {
  process: "this process only",
  machine: "one machine",
  network: "a cluster",
} as const satisfies Record<Provider["reach"], string>;

/**
 * Finds the provider of a URL by its scheme, among the built-in ones and those that the user handed
 * in. A provider that was handed in comes before a built-in one of the same scheme.
 */
export class ProviderRegistry {
  readonly #providers: readonly Provider[];

  constructor(handedIn: readonly Provider[] = []) {
    this.#providers = [...handedIn, ...BUILT_IN];
  }

  membership(url: string): ParsedUrl<ChosenMembership> {
    return this.#choose(url, MEMBERSHIP);
  }

  stores(url: string): ParsedUrl<ChosenStores> {
    return this.#choose(url, STORES);
  }

  transport(url: string): ParsedUrl<ChosenTransport> {
    return this.#choose(url, TRANSPORT);
  }

  #choose<Port, Context>(
    url: string,
    port: PortKind<Port, Context>,
  ): ParsedUrl<Chosen<Port, Context>> {
    const scheme = schemeOf(url);
    if (scheme === undefined) return this.#wrong(port);
    const found = this.#providers.filter(({ schemes }) => schemes.includes(scheme));
    const provider = found.find((one) => port.openOf(one) !== undefined);
    if (provider === undefined) {
      const [other] = found;
      return this.#wrong(port, other === undefined ? noProvider(scheme) : doesNotHold(other, port));
    }
    const parsed = provider.parse(url);
    if (parsed.kind === "wrong") return parsed;
    const chosen = chosenOf({ provider, location: parsed.location, url }, port);
    return chosen === undefined ? this.#wrong(port) : { kind: "location", location: chosen };
  }

  #wrong<Port, Context>(
    port: PortKind<Port, Context>,
    why?: string,
  ): { readonly kind: "wrong"; readonly right: string } {
    const forms = this.#providers
      .filter((provider) => port.openOf(provider) !== undefined)
      .map(({ example, reach }) => `"${example}" (${WHO_SEES[reach]})`);
    const give = `give ${forms.slice(0, -1).join(", ")} or ${forms.at(-1) ?? ""}`;
    return { kind: "wrong", right: why === undefined ? give : `${why}; ${give}` };
  }
}

/** The stores at the location of the members; undefined if the provider has no stores. */
export function storesBeside(membership: ChosenMembership): ChosenStores | undefined {
  return chosenOf(membership, STORES);
}

/** The links that the provider of the members brings; undefined if it brings none. */
export function transportBeside(membership: ChosenMembership): ChosenTransport | undefined {
  return chosenOf(membership, TRANSPORT);
}

function chosenOf<Port, Context>(
  { provider, location, url }: Omit<Chosen<Port, Context>, "open">,
  port: PortKind<Port, Context>,
): Chosen<Port, Context> | undefined {
  const open = port.openOf(provider);
  if (open === undefined) return undefined;
  return { provider, location, url, open: (context) => open(location, context) };
}

function noProvider(scheme: string): string {
  return `there is no provider for ${scheme}:`;
}

function doesNotHold<Port, Context>(provider: Provider, port: PortKind<Port, Context>): string {
  const held = PORT_KINDS.filter((kind) => kind.openOf(provider) !== undefined);
  const holds = held.map((kind) => kind.holds).join(" and ");
  return `${provider.name} holds ${holds}, not ${port.holds}`;
}
