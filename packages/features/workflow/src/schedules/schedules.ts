import type { ActorFinder } from "../actor/check-histories.ts";
import type { ScheduleStatus } from "./schedule.ts";
import type { ScheduleSpec } from "./schedule-plan.ts";

/** Begins runs of workflows at times that come again. */
export interface Schedules {
  /**
   * Makes a schedule, or changes it: from now on a run begins at each due time, also at those that
   * pass while no silo is up, as far as `catchUp` says. Each due time begins one run; its id is the
   * schedule's name and the due time. `BAD_SCHEDULE`: what was given is wrong.
   */
  set<Input>(name: string, spec: ScheduleSpec<Input>): Promise<void>;
  /** Undefined if there is none of this name. */
  get(name: string): Promise<ScheduleStatus | undefined>;
  /** All schedules, in the order of the storage. */
  list(): AsyncIterable<ScheduleStatus>;
  /** No run begins until `resume`. Runs that were due meanwhile do not begin later. */
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  /** Begins a run now, whatever else runs. Gives its id. */
  trigger(name: string): Promise<string>;
  /**
   * Begins a run for each due time between two times that have passed, whatever else runs. Those
   * that there are stay as they are.
   */
  backfill(name: string, range: { readonly from: Date; readonly to: Date }): Promise<void>;
  /** The schedule is gone. Its runs go on. */
  delete(name: string): Promise<void>;
}

/**
 * The schedules of a cluster. Its silos need `Schedule` among their `actors`. What is asked of a
 * schedule that is not there is refused with `NO_SUCH_WORKFLOW`.
 *
 * @example
 * ```ts
 * await schedules(cluster).set("nightly", { workflow: Report, cron: "0 3 * * *", catchUp: "1h" });
 * ```
 */
export function schedules(cluster: ActorFinder): Schedules {
  const call = async (name: string, method: string, ...args: readonly unknown[]) =>
    await cluster.actor("Schedule", name)[method]?.(...args);
  const get = async (name: string): Promise<ScheduleStatus | undefined> =>
    (await call(name, "read")) as ScheduleStatus | undefined;
  return {
    set: async (name, { workflow, ...spec }) => {
      const type = typeof workflow === "string" ? workflow : workflow.name;
      await call(name, "set", { ...spec, workflow: type });
    },
    get,
    async *list() {
      for await (const name of cluster.actors("Schedule").list()) {
        const found = await get(name);
        if (found !== undefined) yield found;
      }
    },
    pause: async (name) => void (await call(name, "pause")),
    resume: async (name) => void (await call(name, "resume")),
    trigger: async (name) => (await call(name, "trigger")) as string,
    backfill: async (name, { from, to }) =>
      void (await call(name, "backfill", from.getTime(), to.getTime())),
    delete: async (name) => void (await call(name, "remove")),
  };
}
