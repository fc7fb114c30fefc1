import { silentLogger } from "@troupe/core";
import { openTelemetry } from "@troupe/observability";
import { startSilo } from "troupe";
import { Counter, DurableCounter } from "../actors/counters.ts";
import { Chain } from "../actors/flows.ts";
import { Sleeper } from "../actors/sleeper.ts";
import { Source } from "../actors/source.ts";
import { Worker } from "../actors/worker.ts";
import { argumentOfStarter, endWithStarter, tellStarter } from "./starter.ts";

/** What the program of a silo is given. */
export interface SiloArgument {
  readonly cluster: string;
  readonly membership: string;
  readonly storage: string;
  /** It counts its turns for whoever may ask. */
  readonly observed?: boolean;
}

const SILO_ACTORS = [Counter, DurableCounter, Sleeper, Source, Worker, Chain];

const { observed, ...settings } = (await argumentOfStarter()) as SiloArgument;
const silo = await startSilo({
  ...settings,
  actors: SILO_ACTORS,
  logger: silentLogger,
  ...(observed === true ? { metrics: (await openTelemetry()).metrics } : {}),
});
endWithStarter(() => silo.stop());
process.once("SIGTERM", () => void silo.stop().finally(() => process.exit()));
tellStarter({ siloId: silo.siloId, address: silo.address });
