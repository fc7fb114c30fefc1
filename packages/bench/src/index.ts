export type { Bench, BenchContext, BenchOptions, BenchResult, Measurement, StorageKind, Target } from "./bench.ts";
export { type BenchOutput, runBench } from "./running/run-bench.ts";
