import { startService } from "./start-service.ts";
import type { ServiceKind, StartOptions, TestService } from "./test-service.ts";

export const ETCD: ServiceKind = {
  name: "etcd",
  variable: "TROUPE_TEST_ETCD",
  binary: "etcd",
  debianPackage: "etcd-server",
  image: "quay.io/coreos/etcd:v3.5.17",
  port: 2379,
  url: (port) => `http://127.0.0.1:${port}`,
  localArgs: ({ port, secondPort, folder }) => {
    const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${secondPort}`];
    return [
      "--name=troupe",
      `--data-dir=${folder}`,
      "--logger=zap",
      "--log-level=error",
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=troupe=${peer}`,
    ];
  },
  containerCommand: [
    "etcd",
    "--data-dir=/etcd-data",
    "--listen-client-urls=http://0.0.0.0:2379",
    "--advertise-client-urls=http://127.0.0.1:2379",
  ],
  containerFolder: "/etcd-data",
  answers: isHealthy,
};

/**
 * An etcd of one member for tests. Several tests may be given the same one by `TROUPE_TEST_ETCD`,
 * so each uses a cluster name of its own.
 */
export function startEtcd(options?: StartOptions): Promise<TestService> {
  return startService(ETCD, options);
}

/** True if the etcd has a leader and answers. */
async function isHealthy(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health`, {
      signal: AbortSignal.timeout(1_000),
    });
    return (await response.text()).includes("true");
  } catch {
    return false;
  }
}
