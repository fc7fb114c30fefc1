import { join } from "node:path";
import { type LocalServiceKind, startLocalService } from "@troupe/services";
import type { Contestant, ContestantContext, Counters, Delays } from "./contestant.ts";
import { answersHttp, HttpCaller } from "./http-caller.ts";
import { importFromPeer, peerSources } from "./peer-package.ts";

/** As many as the busiest work has in flight. */
const CONNECTIONS = 256;

const WORKERD: LocalServiceKind = {
  name: "workerd",
  url: (port) => `http://127.0.0.1:${port}`,
  localArgs: ({ port, folder }) => [
    "serve",
    join(peerSources("workerd"), "counter.capnp"),
    "--socket-addr",
    `http=127.0.0.1:${port}`,
    "--directory-path",
    `objects=${folder}`,
  ],
  answers: (port) => answersHttp(port, "/late"),
};

interface Running {
  readonly caller: HttpCaller;
  readonly close: () => Promise<void>;
}

async function startWorkerd({ peerFolder }: ContestantContext): Promise<Running> {
  // The package has a binary for each kind of machine, and knows which.
  const { default: installed } = (await importFromPeer(peerFolder, "workerd")) as {
    default: string | { default: string };
  };
  const service = await startLocalService(
    WORKERD,
    typeof installed === "string" ? installed : installed.default,
  );
  const caller = new HttpCaller(service.url, CONNECTIONS);
  return {
    caller,
    async close() {
      caller.close();
      await service.stop();
    },
  };
}

function countersAt(path: string): (context: ContestantContext) => Promise<Counters> {
  return async (context) => {
    const { caller, close } = await startWorkerd(context);
    const add = async (id: string): Promise<number> =>
      Number(await caller.call("GET", `/${path}/${id}`));
    return { kind: "counters", add, close };
  };
}

async function startAlarms(context: ContestantContext): Promise<Delays> {
  const { caller, close } = await startWorkerd(context);
  return {
    kind: "delays",
    set: (id, dueAt) => caller.call("GET", `/sleep/${id}?at=${dueAt}`),
    takeLate: async () => (await caller.call("GET", "/late")) as number[],
    close,
  };
}

const DURABLE =
  "SQLite file of each object, fsync at each commit; its output gate holds the answer";

/** Durable Objects on the machine itself, as `wrangler dev` and self-hosting run them. */
export const workerd: Contestant = {
  name: "workerd",
  peer: "workerd",
  runs: [
    "workerd serve counter.capnp --socket-addr http=127.0.0.1:<port> --directory-path objects=<folder>",
  ],
  note: "called over HTTP/1.1, 256 connections; one process, which has no other to fail over to",
  entries: {
    "call-remote": { durable: "in memory only", start: countersAt("memory") },
    "turn-hot": { durable: DURABLE, start: countersAt("durable") },
    "turn-spread": { durable: DURABLE, start: countersAt("durable") },
    "turn-latency": { durable: DURABLE, start: countersAt("durable") },
    delayed: {
      durable: "an alarm of each object, in SQLite, fsync at each commit",
      start: startAlarms,
    },
  },
};
