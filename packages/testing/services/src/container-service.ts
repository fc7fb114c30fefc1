import { sleep, systemClock } from "@troupe/core";
import { freePort } from "./free-port.ts";
import {
  type ExtraArgs,
  extraArgsFor,
  type ServiceKind,
  type TestService,
} from "./test-service.ts";

/** How long the server in a container may take until it answers, once its image is here. */
const START_MS = 30_000;

/** True if Docker answers on this machine. */
export async function dockerAnswers(): Promise<boolean> {
  try {
    const { getContainerRuntimeClient } = await import("testcontainers");
    await getContainerRuntimeClient();
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts the service in a container on a fixed free port, so that it keeps its URL through
 * restarts. Testcontainers' own reaper removes it if this process dies.
 */
export async function startContainerService(
  kind: ServiceKind,
  extraArgs: ExtraArgs = [],
): Promise<TestService> {
  const { GenericContainer, getContainerRuntimeClient } = await import("testcontainers");
  const port = await freePort();
  const started = await new GenericContainer(kind.image)
    .withExposedPorts({ container: kind.port, host: port })
    .withEnvironment({ ...kind.containerVariables })
    .withCommand([...kind.containerCommand, ...extraArgsFor(kind.port, extraArgs)])
    .start();
  const container = (await getContainerRuntimeClient()).container.getById(started.getId());
  await untilItAnswers(kind, port);
  let stopped = false;
  return {
    url: kind.url(port),
    async stop() {
      if (stopped) return;
      stopped = true;
      await started.stop({ timeout: 0, remove: true, removeVolumes: true });
    },
    async pause() {
      await container.pause();
    },
    async resume() {
      await container.unpause();
    },
    async kill() {
      await container.kill();
    },
    async restart({ wipe = false } = {}) {
      await container.start();
      if (wipe) {
        await started.exec(["sh", "-c", `rm -rf ${kind.containerFolder}/*`]);
        await container.kill();
        await container.start();
      }
      await untilItAnswers(kind, port);
    },
  };
}

async function untilItAnswers(kind: ServiceKind, port: number): Promise<void> {
  const end = systemClock.monotonic() + START_MS;
  while (!(await kind.answers(port))) {
    if (systemClock.monotonic() > end)
      throw new Error(`${kind.image} does not answer on port ${port} after ${START_MS} ms`);
    await sleep(systemClock, 50);
  }
}
