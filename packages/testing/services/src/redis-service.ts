import { connect } from "node:net";
import { startService } from "./start-service.ts";
import type { ServiceKind, StartOptions, TestService } from "./test-service.ts";

const ARGS = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];

export const REDIS: ServiceKind = {
  name: "redis",
  variable: "TROUPE_TEST_REDIS",
  binary: "redis-server",
  debianPackage: "redis-server",
  image: "redis:7",
  port: 6379,
  url: (port) => `redis://127.0.0.1:${port}`,
  localArgs: ({ port, folder }) => [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    folder,
    "--daemonize",
    "no",
    ...ARGS,
  ],
  containerCommand: ["redis-server", ...ARGS],
  containerFolder: "/data",
  answers: ping,
};

/**
 * A Redis for tests that keeps what it acknowledged (append-only, fsync always). Several tests may
 * be given the same one by `TROUPE_TEST_REDIS`, so each uses a cluster name of its own.
 */
export function startRedis(options?: StartOptions): Promise<TestService> {
  return startService(REDIS, options);
}

/**
 * True if a Redis answers PONG, or asks for a password; while it loads its data it says something
 * else.
 */
function ping(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const finish = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once("error", () => finish(false));
    socket.once("close", () => finish(false));
    socket.once("data", (data) => finish(/^(\+PONG|-NOAUTH)/.test(data.toString())));
    socket.write("PING\r\n");
  });
}
