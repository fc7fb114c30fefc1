import { canInstallPackages, installPackages } from "./debian-packages.ts";
import { findBinary } from "./find-binary.ts";

/** The path of a browser that is to be used in place of the installed one. */
const GIVEN = "TROUPE_TEST_CHROMIUM";

/** As distributions and Google call it. */
const BINARIES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const DEBIAN_PACKAGE = "chromium";

/**
 * The path of a Chromium: the one that `TROUPE_TEST_CHROMIUM` names, or an installed one. Throws
 * with what would help if there is none.
 */
export function chromiumPath(): string {
  const path = findChromium();
  if (path !== undefined) return path;
  throw new Error(
    `these tests need a browser: apt-get install ${DEBIAN_PACKAGE}, or set ${GIVEN} to the path of a Chromium`,
  );
}

/**
 * Installs a Chromium where there is none and that is possible. If it is missing after that, the
 * tests that need it report it.
 */
export async function prepareChromium(): Promise<void> {
  if (findChromium() === undefined && canInstallPackages()) await installPackages([DEBIAN_PACKAGE]);
}

function findChromium(): string | undefined {
  const given = process.env[GIVEN];
  if (given !== undefined && given !== "") return given;
  return BINARIES.map((name) => findBinary(name)).find((path) => path !== undefined);
}
