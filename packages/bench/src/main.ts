import { runBench } from "./running/run-bench.ts";

process.exitCode = await runBench(process.argv.slice(2));
