import type { Contestant, ContestantContext, Counters } from "./contestant.ts";
import { importFromPeer } from "./peer-package.ts";

/** The part of comedy that is used here. */
interface Comedy {
  createSystem(options: { readonly test: boolean; readonly loggerConfig: object }): System;
}

interface System {
  rootActor(): Promise<ParentActor>;
  destroy(): Promise<void>;
}

interface ParentActor {
  createChild(behaviour: unknown, options: { readonly mode: Mode }): Promise<ActorReference>;
}

interface ActorReference {
  sendAndReceive(topic: string, ...message: unknown[]): Promise<unknown>;
}

type Mode = "in-memory" | "forked";

/**
 * Several counters in one actor, since a forked actor is a process. comedy sends its source there,
 * so it uses nothing from outside.
 */
class CounterBehaviour {
  totals = new Map<string, number>();

  add(id: string): number {
    const total = (this.totals.get(id) ?? 0) + 1;
    this.totals.set(id, total);
    return total;
  }
}

function countersIn(mode: Mode): (context: ContestantContext) => Promise<Counters> {
  return async ({ peerFolder }) => {
    const { default: comedyModule } = (await importFromPeer(peerFolder, "comedy")) as {
      readonly default: Comedy;
    };
    // All that `test` does here is to keep it and the processes that it forks silent.
    const system = comedyModule.createSystem({
      test: true,
      loggerConfig: { categories: { Default: "Silent" } },
    });
    const root = await system.rootActor();
    const counters = await root.createChild(CounterBehaviour, { mode });
    return {
      kind: "counters",
      add: async (id) => (await counters.sendAndReceive("add", id)) as number,
      async close() {
        await system.destroy();
      },
    };
  };
}

export const comedy: Contestant = {
  name: "comedy",
  peer: "comedy",
  runs: [
    "in the load generator's process (in-memory mode), or a process that it forks (forked mode)",
  ],
  note: "no turns (handlers of an actor run beside each other), deadlines, copies of local arguments, directory or failover; one forked actor holds all counters",
  entries: {
    "call-local": { durable: "in memory only", start: countersIn("in-memory") },
    "call-remote": { durable: "in memory only", start: countersIn("forked") },
  },
};
