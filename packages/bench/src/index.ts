export type {
  Bench,
  BenchContext,
  BenchOptions,
  BenchResult,
  Measurement,
  StorageKind,
  Target,
} from "./bench.ts";
export type { BenchOutput } from "./running/bench-output.ts";
export { runBench } from "./running/run-bench.ts";
