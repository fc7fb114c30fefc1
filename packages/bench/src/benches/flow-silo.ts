import { silentLogger } from "@troupe/core";
import { type Silo, startSilo } from "troupe";
import { DurableCounter } from "../actors/counters.ts";
import { Calls, Chain, ChainByHand, Fan, Long, Nap } from "../actors/flows.ts";

/**
 * A silo in this process, with all workflows of the benches. One that follows goes on with what it
 * has stored.
 */
export function startFlowSilo(storage: string): Promise<Silo> {
  return startSilo({
    cluster: "bench",
    membership: "memory:bench",
    storage,
    actors: [Calls, Chain, ChainByHand, DurableCounter, Fan, Long, Nap],
    logger: silentLogger,
  });
}
