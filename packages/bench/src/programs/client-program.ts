import { silentLogger, systemClock } from "@troupe/core";
import { connect } from "troupe";
import { Counter } from "../actors/counters.ts";
import { callRate } from "../measuring/call-rate.ts";
import { argumentOfStarter, endWithStarter, tellStarter, workForStarter } from "./starter.ts";

/** What the program of a client is given. */
export interface ClientArgument {
  readonly cluster: string;
  readonly membership: string;
}

/** What it is to do next. It answers with its calls a second. */
export interface ClientTask {
  readonly actors: number;
  readonly inFlight: number;
  readonly durationMs: number;
}

const argument = (await argumentOfStarter()) as ClientArgument;
const cluster = await connect({ ...argument, actors: [Counter], logger: silentLogger });
endWithStarter(() => cluster.close());
workForStarter((task) => {
  const { actors, inFlight, durationMs } = task as ClientTask;
  const load = { clock: systemClock, inFlight, durationMs };
  return callRate(load, (index) => cluster.actor(Counter, `counter-${index % actors}`).add(1));
});
tellStarter("ready");
