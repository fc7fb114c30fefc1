import { type Logger, silentLogger } from "@troupe/core";
import { type ActorType, actor, readonly, state } from "@troupe/sdk";
import { defineWorkflow, event } from "@troupe/workflow";
import type { FlowJournal } from "./flow-journal.ts";
import type { FlowInput } from "./flow-program.ts";
import { mutateContext, mutateFlow } from "./mutant-flows.ts";
import type { Mutation } from "./mutation.ts";
import { type FlowDeeds, MARK, performFlow } from "./perform-flow.ts";
import type { Probe } from "./probe.ts";
import type { SimProcess } from "./sim-process.ts";
import { IDLE_AFTER, watchedActor } from "./watched-actor.ts";

/** The name of the workflow type, whose runs do what their input says. */
export const FLOW_TYPE = "Flow";

/** How many there are. */
export const TILLS = 2;
export const LAUNCHERS = 2;

/** So long that silos die with calls that wait behind others. */
const TAKE_MS = 20;

/** What the runs of one process have to do with the simulation. */
export interface FlowParts {
  readonly process: SimProcess;
  readonly probe: Probe;
  readonly journal: FlowJournal;
  readonly mutation: Mutation | undefined;
}

/** A workflow that does what its input says, the tills that it calls, and actors that start it. */
export function flowActors(parts: FlowParts): readonly ActorType[] {
  const { process, probe, journal, mutation } = parts;
  const deeds: FlowDeeds = {
    attempt: (id, at, { key, attempt, fence }) =>
      journal.attempt(process, { id, at, key, attempt, fence }),
    work: (ms) => probe.work(ms),
    saw: (id, sight, isLive) => journal.saw(process, { id, sight, isLive }),
  };
  const definition = defineWorkflow({
    name: FLOW_TYPE,
    events: { x: event<string>(), y: event<string>() },
    run: (ctx, input: FlowInput): Promise<string> => {
      const mutated = mutateContext(mutation, ctx, process.clock);
      return mutated.guard(() => performFlow(mutated.ctx, input, deeds));
    },
  });
  return [mutateFlow(mutation, definition), ...tillActors(probe)];
}

function tillActors(probe: Probe): readonly ActorType[] {
  const Watched = watchedActor(probe);

  /** Keeps what it took, in order. */
  @actor("Till", { idleAfter: IDLE_AFTER })
  class Till extends Watched {
    @state() accessor taken: string[] = [];

    /** Answers how much it has taken by then. */
    async take(token: string): Promise<number> {
      return await probe.turn(this, { call: `take ${token}`, method: "take" }, async () => {
        await probe.work(TAKE_MS);
        this.taken.push(token);
        return this.taken.length;
      });
    }

    async refuse(token: string): Promise<void> {
      await probe.turn(this, { call: `refuse ${token}`, method: "refuse" }, () => {
        this.taken.push(token);
        throw new RangeError("the till is closed");
      });
    }

    @readonly()
    async facts(call: string): Promise<readonly string[]> {
      return await probe.turn(this, { call, method: "facts", shared: true }, () => this.taken);
    }
  }

  /** Starts runs in its turns. */
  @actor("Launcher", { idleAfter: IDLE_AFTER })
  class Launcher extends Watched {
    @state() accessor launched: string[] = [];

    async launch(call: string, id: string, input: FlowInput): Promise<void> {
      await probe.turn(this, { call, method: "launch" }, () => this.#launch(id, input));
    }

    /** Starts nothing in the end. */
    async falter(call: string, id: string, input: FlowInput): Promise<void> {
      await probe.turn(this, { call, method: "falter" }, () => {
        this.#launch(id, input);
        throw new RangeError("not after all");
      });
    }

    #launch(id: string, input: FlowInput): void {
      this.launched.push(id);
      this.send(FLOW_TYPE, id).start?.(input);
    }
  }

  return [Till, Launcher];
}

type Reference = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;

/** What calls of runs are made of: the id of the call is no argument of theirs. */
export function flowReference(run: Reference): Reference {
  const call =
    (method: string) =>
    async (_: unknown, ...args: readonly unknown[]): Promise<unknown> =>
      await run[method]?.(...args);
  return {
    start: call("start"),
    send: async (id, name) => await run.event?.(name, id),
    cancel: call("cancel"),
    terminate: call("terminate"),
    suspend: call("suspend"),
    resume: call("resume"),
    status: call("status"),
  };
}

/** Tells code that logs that it does something for the first time, and keeps nothing. */
export const markingLogger: Logger = {
  ...silentLogger,
  info(fields) {
    const mark = (fields as Record<string, { isLive: boolean } | undefined>)[MARK];
    if (mark !== undefined) mark.isLive = true;
  },
  child: () => markingLogger,
};
