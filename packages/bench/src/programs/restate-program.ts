import { createServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { systemClock } from "@troupe/core";
import { importFromPeer } from "../comparison/peer-package.ts";
import { argumentOfStarter, endWithStarter, tellStarter, workForStarter } from "./starter.ts";

/** The part of Restate's SDK that is used here. */
interface Restate {
  readonly object: (definition: { readonly name: string; readonly handlers: object }) => object;
  readonly createEndpointHandler: (options: {
    readonly services: readonly object[];
  }) => (request: Http2ServerRequest, response: Http2ServerResponse) => void;
}

interface ObjectContext {
  get(name: string): Promise<number | null>;
  set(name: string, value: number): void;
}

// The SDK would write a line for each call otherwise.
process.env.RESTATE_LOGGING = "ERROR";

const { peerFolder } = (await argumentOfStarter()) as { readonly peerFolder: string };
const { object, createEndpointHandler } = (await importFromPeer(
  peerFolder,
  "@restatedev/restate-sdk",
)) as Restate;

/** How much too late each delayed call came since this was last asked for. */
let late: number[] = [];

const counter = object({
  name: "Counter",
  handlers: {
    async add(context: ObjectContext, amount: number): Promise<number> {
      const total = ((await context.get("total")) ?? 0) + amount;
      context.set("total", total);
      return total;
    },
  },
});

const sleeper = object({
  name: "Sleeper",
  handlers: {
    async wake(_context: ObjectContext, dueAt: number): Promise<void> {
      late.push(systemClock.now() - dueAt);
    },
  },
});

const server = createServer(createEndpointHandler({ services: [counter, sleeper] }));
endWithStarter(async () => undefined);
workForStarter(() => {
  const taken = late;
  late = [];
  return Promise.resolve(taken);
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  tellStarter(typeof address === "object" && address !== null ? address.port : 0);
});
