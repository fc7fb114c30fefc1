import { shownValue, TroupeError } from "@troupe/core";
import { type ActorDefinition, defineBehaviour } from "@troupe/sdk";
import type { ActivityType, StepContext } from "../executor/step-options.ts";

/** The method of the worker that an activity is. */
const RUN = "run";

/** Activities of one type that run on one silo at a time. */
const POOL = 1_000;

/** What an activity is. */
export interface ActivityOptions<Input, Output> {
  /** The name of the type, as that of an actor type. */
  readonly name: string;
  /** Only silos with all of these labels run it: `{ gpu: "true" }`. Default: any that host it. */
  readonly on?: Readonly<Record<string, string>>;
  /** How many run on one silo at a time; others wait. Default: 1,000. */
  readonly pool?: number;
  /** Any code. It may run more than once for one step: `key` is the same for each attempt. */
  run(this: void, input: Input, step: StepContext): Output | Promise<Output>;
}

/** An activity type: what `startSilo({ actors: [Resize] })` hosts, and `ctx.do` runs. */
export interface Activity<Input, Output> extends ActorDefinition, ActivityType<Input, Output> {
  readonly name: string;
}

/**
 * Makes an activity: a step that any silo can run which hosts it, in place of the one that owns the
 * run. It is a stateless worker.
 *
 * Throws `BAD_DEFINITION` with everything that is wrong.
 *
 * @example
 * ```ts
 * const Resize = defineActivity({
 *   name: "Resize",
 *   on: { gpu: "true" },
 *   pool: 4,
 *   run: async (input: { url: string }, { signal }) => await resize(input.url, signal),
 * });
 * ```
 */
export function defineActivity<Input = undefined, Output = unknown>(
  options: ActivityOptions<Input, Output>,
): Activity<Input, Output> {
  const { name, on, pool = POOL, run } = options;
  if (typeof run !== "function") {
    const message = `the activity ${shownValue(name)} needs a function run, not ${shownValue(run)}`;
    throw new TroupeError("BAD_DEFINITION", message);
  }
  return defineBehaviour(name, {
    statelessWorker: { perSilo: pool },
    ...(on && { placement: { labels: on } }),
    methods: { [RUN]: {} },
    activate: (host) => ({
      invoke: (_, [input, step]) => {
        const { signal } = host.context();
        return run(input as Input, { ...(step as Omit<StepContext, "signal">), signal });
      },
    }),
  });
}
