import { silentLogger } from "@troupe/core";
import { startSilo } from "troupe";
import { Counter, DurableCounter } from "../actors/counters.ts";
import { Chain } from "../actors/flows.ts";
import { Sleeper } from "../actors/sleeper.ts";
import { Worker } from "../actors/worker.ts";
import { argumentOfStarter, endWithStarter, tellStarter } from "./starter.ts";

/** What the program of a silo is given. */
export interface SiloArgument {
  readonly cluster: string;
  readonly membership: string;
  readonly storage: string;
}

const SILO_ACTORS = [Counter, DurableCounter, Sleeper, Worker, Chain];

const argument = (await argumentOfStarter()) as SiloArgument;
const silo = await startSilo({ ...argument, actors: SILO_ACTORS, logger: silentLogger });
endWithStarter(() => silo.stop());
process.once("SIGTERM", () => void silo.stop().finally(() => process.exit()));
tellStarter({ siloId: silo.siloId, address: silo.address });
