import { type LocalServiceKind, startLocalService } from "@troupe/services";
import { BenchChild } from "../programs/child-process.ts";
import type { Contestant, ContestantContext, Counters, Delays } from "./contestant.ts";
import { answersHttp, HttpCaller } from "./http-caller.ts";
import { resolveFromPeer } from "./peer-package.ts";

/** As many as the busiest work has in flight. */
const CONNECTIONS = 256;

const ARGS =
  "--no-logo --log-filter error --node-name bench --listen-mode tcp --bind-ip 127.0.0.1 --use-random-ports true".split(
    " ",
  );

/**
 * One node with its default settings. Its ports are told by the environment, and that of its
 * administration to `onAdminPort`.
 */
function serverKind(onAdminPort: (port: number) => void): LocalServiceKind {
  return {
    name: "restate",
    url: (port) => `http://127.0.0.1:${port}`,
    localArgs: ({ folder }) => [...ARGS, "--base-dir", folder],
    localVariables({ port, secondPort }) {
      onAdminPort(secondPort);
      return {
        RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${port}`,
        RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${secondPort}`,
        RESTATE_ADMIN__DISABLE_WEB_UI: "true",
        RESTATE_DISABLE_TELEMETRY: "true",
      };
    },
    answers: (port) => answersHttp(port, "/restate/health"),
  };
}

interface Running {
  readonly ingress: HttpCaller;
  readonly service: BenchChild;
  readonly close: () => Promise<void>;
}

async function startRestate({ peerFolder, profile }: ContestantContext): Promise<Running> {
  const binary = resolveFromPeer(
    peerFolder,
    `@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`,
  );
  let adminPort = 0;
  const kind = serverKind((port) => {
    adminPort = port;
  });
  const service = new BenchChild({
    program: "restate-program.js",
    argument: { peerFolder },
    profile,
  });
  const servicePort = Number(await service.next());
  const server = await startLocalService(kind, binary);
  const ingress = new HttpCaller(server.url, CONNECTIONS);
  const close = async (): Promise<void> => {
    ingress.close();
    await server.stop();
    await service.stop();
  };
  const admin = new HttpCaller(`http://127.0.0.1:${adminPort}`, 1);
  try {
    await admin.call("POST", "/deployments", { uri: `http://127.0.0.1:${servicePort}` });
  } catch (error) {
    await close();
    throw error;
  } finally {
    admin.close();
  }
  return { ingress, service, close };
}

async function startCounters(context: ContestantContext): Promise<Counters> {
  const { ingress, close } = await startRestate(context);
  return {
    kind: "counters",
    add: async (id) => Number(await ingress.call("POST", `/Counter/${id}/add`, 1)),
    close,
  };
}

async function startSleepers(context: ContestantContext): Promise<Delays> {
  const { ingress, service, close } = await startRestate(context);
  const { clock } = context;
  return {
    kind: "delays",
    set: (id, dueAt) =>
      ingress.call(
        "POST",
        `/Sleeper/${id}/wake/send?delay=${Math.max(0, Math.round(dueAt - clock.now()))}ms`,
        dueAt,
      ),
    takeLate: async () => (await service.ask("late")) as number[],
    close,
  };
}

const DURABLE = "journal of each call and state in RocksDB, its log written with fsync";

export const restate: Contestant = {
  name: "restate",
  peer: "restate",
  runs: [
    `restate-server ${ARGS.join(" ")} --base-dir <folder> (one node; telemetry and web page off, else its default settings)`,
    "the service in a Node.js process of its own, over HTTP/2",
  ],
  note: "called through its HTTP ingress, 256 connections; every call is journaled, so there is no call that is not durable",
  entries: {
    "turn-hot": { durable: DURABLE, start: startCounters },
    "turn-spread": { durable: DURABLE, start: startCounters },
    "turn-latency": { durable: DURABLE, start: startCounters },
    delayed: { durable: "a delayed call in its journal, with fsync", start: startSleepers },
  },
};
