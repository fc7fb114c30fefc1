import { startContainerService, dockerAnswers } from "./container-service.ts";
import { canInstallPackages, installPackages } from "./debian-packages.ts";
import { findBinary } from "./find-binary.ts";
import { startLocalService } from "./local-service.ts";
import type { ServiceKind, StartOptions, TestService } from "./test-service.ts";

/** Where a service for tests can come from on this machine. */
type Source =
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "binary"; readonly path: string }
  | { readonly kind: "container" };

/**
 * Gives a service, from the first of these that there is: the URL in the service's environment
 * variable, a binary of this machine, a container, a Debian package that it installs. Rejects with
 * what would help if there is none; it never lets a test go on without.
 */
export async function startService(
  kind: ServiceKind,
  options: StartOptions = {},
): Promise<TestService> {
  const source = await findSource(kind, options);
  switch (source.kind) {
    case "url":
      return givenService(kind, source.url);
    case "binary":
      return startLocalService(kind, source.path, options.args);
    case "container":
      return startContainerService(kind, options.args);
  }
}

/**
 * Installs the packages of those kinds that are nowhere on this machine, where that is possible. It
 * is for once before all tests, since two processes cannot install at once; what is missing after
 * it is reported by the tests that need it.
 */
export async function prepareServices(kinds: readonly ServiceKind[]): Promise<void> {
  const wanted = kinds.filter(
    (kind) => process.env[kind.variable] === undefined && findBinary(kind.binary) === undefined,
  );
  if (wanted.length === 0 || (await dockerAnswers()) || !canInstallPackages()) return;
  await installPackages(wanted.map((kind) => kind.debianPackage));
}

async function findSource(kind: ServiceKind, options: StartOptions): Promise<Source> {
  const url = process.env[kind.variable];
  const givenWillDo = options.faults !== true && options.args === undefined;
  if (url !== undefined && url !== "" && givenWillDo) return { kind: "url", url };
  const found = findBinary(kind.binary);
  if (found !== undefined) return { kind: "binary", path: found };
  if (await dockerAnswers()) return { kind: "container" };
  const failure = canInstallPackages() ? await installPackages([kind.debianPackage]) : undefined;
  const installed = findBinary(kind.binary);
  if (installed !== undefined) return { kind: "binary", path: installed };
  throw new Error(
    `these tests need ${kind.name}: put ${kind.binary} on the PATH, start Docker, or (for all but the fault tests) set ${kind.variable} to the URL of one`,
    { cause: failure },
  );
}

function givenService(kind: ServiceKind, url: string): TestService {
  const refuse = async (): Promise<void> => {
    throw new Error(
      `${kind.name} was given by ${kind.variable}, so a test cannot stop it; ask for one with { faults: true }`,
    );
  };
  return {
    url,
    stop: async () => undefined,
    pause: refuse,
    resume: refuse,
    kill: refuse,
    restart: refuse,
  };
}
