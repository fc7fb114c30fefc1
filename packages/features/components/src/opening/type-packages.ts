import type { ComponentType } from "@troupe/core";
import type { TypeRegistry } from "./type-registry.ts";

/** A package that has types of components, and the name under which it exports them. */
interface TypePackage {
  readonly name: string;
  readonly exported: string;
  readonly types: readonly string[];
}

/** The packages of Troupe whose types need a client of their own. They are installed apart. */
const PACKAGES: readonly TypePackage[] = [
  {
    name: "@troupe/components-postgres",
    exported: "postgresTypes",
    types: ["bindings.postgresql", "configuration.postgresql", "state.postgresql"],
  },
  {
    name: "@troupe/components-redis",
    exported: "redisTypes",
    types: ["configuration.redis", "lock.redis", "pubsub.redis", "state.redis"],
  },
];

/** Loads a module by its name. */
export type LoadModule = (name: string) => Promise<Readonly<Record<string, unknown>>>;

const load: LoadModule = (name) => import(name);

/** The package that a type is in; undefined for a type that is in none that Troupe knows. */
export function packageOf(type: string): string | undefined {
  return PACKAGES.find(({ types }) => types.includes(type.toLowerCase()))?.name;
}

/**
 * The types of the packages that hold what is declared and not known. A package that is not
 * installed gives none, and then the declaration is wrong.
 */
export async function loadTypes(
  declared: readonly string[],
  known: TypeRegistry,
  loadModule: LoadModule = load,
): Promise<readonly ComponentType[]> {
  const missing = declared.filter((type) => known.find(type) === undefined).map(packageOf);
  const wanted = PACKAGES.filter(({ name }) => missing.includes(name));
  const loaded = await Promise.all(wanted.map((one) => typesIn(one, loadModule)));
  return loaded.flat();
}

/** The types of every package of Troupe's that is installed. */
export async function installedTypes(
  loadModule: LoadModule = load,
): Promise<readonly ComponentType[]> {
  const loaded = await Promise.all(PACKAGES.map((one) => typesIn(one, loadModule)));
  return loaded.flat();
}

async function typesIn(
  { name, exported }: TypePackage,
  loadModule: LoadModule,
): Promise<readonly ComponentType[]> {
  try {
    const module = await loadModule(name);
    // A package of Troupe's own, of the same version.
    return module[exported] as readonly ComponentType[];
  } catch (error) {
    if (isMissing(error, name)) return [];
    throw error;
  }
}

function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "ERR_MODULE_NOT_FOUND" && error.message.includes(`'${name}'`);
}
