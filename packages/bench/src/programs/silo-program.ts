import { silentLogger } from "@troupe/core";
import { startSilo } from "troupe";
import { Counter, DurableCounter } from "../actors/counters.ts";
import { argumentOfStarter, endWithStarter, tellStarter } from "./starter.ts";

/** What the program of a silo is given. */
export interface SiloArgument {
  readonly cluster: string;
  readonly membership: string;
  readonly storage: string;
}

const argument = (await argumentOfStarter()) as SiloArgument;
const silo = await startSilo({ ...argument, actors: [Counter, DurableCounter], logger: silentLogger });
endWithStarter(() => silo.stop());
process.once("SIGTERM", () => void silo.stop().finally(() => process.exit()));
tellStarter({ siloId: silo.siloId, address: silo.address });
