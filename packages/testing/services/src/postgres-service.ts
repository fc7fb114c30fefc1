import { execFile } from "node:child_process";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { startService } from "./start-service.ts";
import type {
  LocalPlace,
  ServerUser,
  ServiceKind,
  StartOptions,
  TestService,
} from "./test-service.ts";

const run = promisify(execFile);

/** The server refuses to be root, and Debian makes this user for it. */
const SERVER_USER = "postgres";

const PROTOCOL_VERSION = 196_608;

export const POSTGRES: ServiceKind = {
  name: "postgres",
  variable: "TROUPE_TEST_POSTGRES",
  binary: "postgres",
  debianPackage: "postgresql",
  image: "postgres:17",
  port: 5432,
  url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  // It has a piece of shared memory, of which the system has not many.
  endSignal: "SIGQUIT",
  userOf: serverUser,
  prepareFolder: makeDatabases,
  localArgs: ({ port, folder }) => [
    "-D",
    folder,
    "-p",
    String(port),
    "-c",
    "listen_addresses=127.0.0.1",
    "-c",
    "unix_socket_directories=",
    // So that all that it leaves, when it is killed, lies in its folder.
    "-c",
    "dynamic_shared_memory_type=mmap",
  ],
  containerCommand: ["postgres"],
  containerFolder: "/var/lib/postgresql/data",
  containerVariables: { POSTGRES_HOST_AUTH_METHOD: "trust" },
  answers: acceptsConnections,
};

/**
 * A PostgreSQL for tests that keeps what it acknowledged (its defaults). Several tests may be given
 * the same one by `TROUPE_TEST_POSTGRES`, so each uses a cluster name of its own. The user of its
 * URL may create schemas, and needs no password.
 */
export function startPostgres(options?: StartOptions): Promise<TestService> {
  return startService(POSTGRES, options);
}

async function serverUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(["-u", "-g"].map(idOf));
  return { uid: uid ?? 0, gid: gid ?? 0 };
}

async function idOf(flag: string): Promise<number> {
  return Number((await run("id", [flag, SERVER_USER])).stdout);
}

async function makeDatabases(binary: string, { folder }: LocalPlace): Promise<void> {
  const initdb = join(dirname(binary), "initdb");
  const args = ["-D", folder, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-locale"];
  await run(initdb, [...args, "--no-sync"], { ...(await serverUser()), cwd: folder });
}

/** True if the server lets a client in or asks who it is; while it starts it says an error. */
function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const finish = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once("error", () => finish(false));
    socket.once("close", () => finish(false));
    socket.once("data", (data) => finish(data.toString("latin1").startsWith("R")));
    socket.write(startupMessage());
  });
}

function startupMessage(): Buffer {
  const parameters = Buffer.from("user\0postgres\0database\0postgres\0\0");
  const message = Buffer.alloc(8 + parameters.length);
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(PROTOCOL_VERSION, 4);
  parameters.copy(message, 8);
  return message;
}
