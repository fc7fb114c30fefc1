import type { Provider } from "@troupe/core";
import { configError, type ConfigProblem } from "./config/config-problem.ts";
import { ProviderRegistry } from "./provider-registry.ts";

const PORTS = ["openMembership", "openStores", "openTransport"] as const;

const SCHEME = /^[a-z][a-z0-9+.-]*$/;

/**
 * The registry with the providers that a program handed in. Throws `BAD_CONFIG` with every one that
 * is wrong.
 */
export function registryOf(
  providers: readonly Provider[] | undefined,
  source: string,
): ProviderRegistry {
  if (providers === undefined) return new ProviderRegistry();
  const problems = problemsOf(providers).map((problem) => ({ ...problem, source }));
  if (problems.length > 0) throw configError(problems);
  return new ProviderRegistry(providers);
}

type Problem = Omit<ConfigProblem, "source">;

/** The types say all this as well, but programs in JavaScript have none. */
function problemsOf(providers: unknown): Problem[] {
  if (!Array.isArray(providers))
    return [{ option: "providers", right: "give an array of providers, such as [acme()]" }];
  const seen = new Map<string, number>();
  return providers.flatMap((provider: unknown, index) => {
    const option = `providers[${index}]`;
    const right = wrongWith(provider);
    if (right !== undefined) return [{ option, right }];
    const { schemes, name } = provider as Provider;
    return schemes.flatMap((scheme): Problem[] => {
      const other = seen.get(scheme);
      seen.set(scheme, index);
      if (other === undefined || other === index) return [];
      const taken = `${name} has the scheme ${scheme}: of providers[${other}]; give one of the two`;
      return [{ option, right: taken }];
    });
  });
}

function wrongWith(provider: unknown): string | undefined {
  if (typeof provider === "function") return "is a function; call it, as in [acme()]";
  if (typeof provider !== "object" || provider === null)
    return "give a provider: an object with name, schemes, parse and what it opens";
  const { name, schemes, parse } = provider as Partial<Record<keyof Provider, unknown>>;
  if (typeof name !== "string" || typeof parse !== "function")
    return "give a provider: an object with name, schemes, parse and what it opens";
  if (!Array.isArray(schemes) || !schemes.every((scheme) => SCHEME.test(String(scheme))))
    return `${name} needs schemes in lower case and without a colon, such as ["acme"]`;
  if (PORTS.every((port) => typeof (provider as Partial<Provider>)[port] !== "function"))
    return `${name} opens nothing; it needs one of ${PORTS.join(", ")}`;
  return undefined;
}
