import { parseArgs } from "node:util";
import { locationsOf, startServers, stopServers } from "./harness/backends.ts";
import { ProcessCluster } from "./harness/process-cluster.ts";
import { runTopicLoop } from "./topic-loop/run-topic-loop.ts";

const USAGE = "npm run topicloop -- [--kills 200] [--seed 1]";

/** What the command line asks for, or undefined if it asks for nothing that there is. */
function optionsOf(args: readonly string[]): { kills: number; seed: number } | undefined {
  const { values } = parseArgs({
    args: [...args],
    // What is not known is answered with the usage, and not with a stack.
    strict: false,
    options: {
      kills: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
    },
  });
  const { kills, seed, ...others } = values;
  const numbers = [kills, seed].filter((one) => typeof one === "string" && /^\d+$/.test(one));
  if (Object.keys(others).length > 0 || numbers.length < 2) return undefined;
  return { kills: Number(kills), seed: Number(seed) };
}

const options = optionsOf(process.argv.slice(2));
if (options === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  const servers = await startServers();
  const cluster = new ProcessCluster((folder) => locationsOf(folder, servers), { leaseTtl: "2s" });
  try {
    const { events, problems } = await runTopicLoop({
      ...options,
      cluster,
      report: (line) => console.log(line),
    });
    for (const problem of problems.slice(0, 50)) console.error(`PROBLEM: ${problem}`);
    const { kills, seed } = options;
    const verdict = problems.length === 0 ? "OK" : `FAILED with ${problems.length} problems`;
    console.log(`${verdict} on Redis: ${kills} kills, ${events} events, seed ${seed}`);
    process.exitCode = problems.length === 0 ? 0 : 1;
  } finally {
    await cluster.dispose();
    await stopServers(servers);
  }
}
