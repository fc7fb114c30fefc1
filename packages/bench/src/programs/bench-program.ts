import { messageOf, systemClock } from "@troupe/core";
import type { BenchOptions, Measurement } from "../bench.ts";
import { BENCHES } from "../benches/catalog.ts";
import { argumentOfStarter, endWithStarter, tellStarter } from "./starter.ts";

/** What the program of a bench is given. */
export interface BenchArgument {
  readonly name: string;
  readonly folder: string;
  readonly options: BenchOptions;
}

/** What it says. */
export type BenchMessage =
  | { readonly kind: "progress"; readonly line: string }
  | { readonly kind: "measured"; readonly measurement: Measurement }
  | { readonly kind: "failed"; readonly reason: string };

function say(message: BenchMessage): void {
  tellStarter(message);
}

const { name, folder, options } = (await argumentOfStarter()) as BenchArgument;
endWithStarter(async () => undefined);
try {
  const bench = BENCHES.find((candidate) => candidate.name === name);
  if (bench === undefined) throw new Error(`there is no bench ${name}`);
  const progress = (line: string): void => say({ kind: "progress", line });
  say({
    kind: "measured",
    measurement: await bench.measure({ ...options, clock: systemClock, folder, progress }),
  });
} catch (error) {
  say({
    kind: "failed",
    reason: error instanceof Error ? (error.stack ?? error.message) : messageOf(error),
  });
}
