import type { Logger } from "@troupe/core";

/** A step on the way into the cluster. */
export interface Stage {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

/** Takes one step after the other; the first that fails is the last. */
export async function runStages(stages: readonly Stage[], logger: Logger): Promise<void> {
  for (const { name, run } of stages) {
    logger.debug({ stage: name }, "silo joins");
    // oxlint-disable-next-line no-await-in-loop -- each step needs those before it.
    await run();
  }
}
