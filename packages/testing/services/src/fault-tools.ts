import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { canInstallPackages, installPackages } from "./debian-packages.ts";
import { findBinary } from "./find-binary.ts";

/** Says that faults of the network, which need root and `ip netns`, are to be left out. */
const NO_NAMESPACES = "TROUPE_TEST_NO_NETNS";

/** The path of libfaketime, where it is not in a folder of the system. */
const FAKE_TIME = "TROUPE_TEST_FAKETIME";

const LIBRARY = "libfaketimeMT.so.1";

/** The programs by which tests cut networks, and the Debian packages that have them. */
const NETWORK_TOOLS = [
  ["ip", "iproute2"],
  ["iptables", "iptables"],
] as const;

/**
 * False if whoever runs the tests has asked to leave out the faults that need network namespaces.
 */
export function wantsNamespaces(): boolean {
  return process.env[NO_NAMESPACES] !== "1";
}

/**
 * Why this process cannot make network namespaces, with what would help; undefined if it has what
 * that takes.
 */
export function whyNoNamespaces(): string | undefined {
  const missing = NETWORK_TOOLS.filter(([binary]) => findBinary(binary) === undefined).map(
    ([binary]) => binary,
  );
  const isRoot = process.getuid?.() === 0;
  if (missing.length === 0 && isRoot) return undefined;
  const reasons = [...(isRoot ? [] : ["root"]), ...missing];
  return `faults of the network need ${reasons.join(" and ")}: run as root on Linux with iproute2 and iptables, or set ${NO_NAMESPACES}=1 to leave them out`;
}

/**
 * The library that gives a process a wall clock of its own. Throws with what would help if it is
 * not on this machine.
 */
export function fakeTimeLibrary(): string {
  const path = findLibrary();
  if (path !== undefined) return path;
  throw new Error(
    `jumps of the wall clock need libfaketime: apt-get install libfaketime, or set ${FAKE_TIME} to the path of ${LIBRARY}`,
  );
}

/**
 * Installs what is missing of these where that is possible; what is missing after it is reported by
 * the tests that need it.
 */
export async function prepareFaultTools(): Promise<void> {
  const network = wantsNamespaces()
    ? NETWORK_TOOLS.filter(([binary]) => findBinary(binary) === undefined)
    : [];
  const packages = [
    ...network.map(([, name]) => name),
    ...(findLibrary() === undefined ? ["libfaketime"] : []),
  ];
  if (packages.length > 0 && canInstallPackages()) await installPackages(packages);
}

function findLibrary(): string | undefined {
  const given = process.env[FAKE_TIME];
  if (given !== undefined) return given;
  // Debian has a folder for each kind of processor.
  const folders = ["/usr/lib", "/usr/local/lib", "/usr/lib64"].filter((folder) =>
    existsSync(folder),
  );
  const nested = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return [...folders, ...nested]
    .map((folder) => join(folder, "faketime", LIBRARY))
    .find((path) => existsSync(path));
}
