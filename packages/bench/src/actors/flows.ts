import { systemClock } from "@troupe/core";
import { defineWorkflow, event } from "@troupe/workflow";
import { Actor, actor, reminder, state } from "troupe";
import { DurableCounter } from "./counters.ts";

/** Steps, or calls of actors, of a run that does a few of them. */
export const LINKS = 5;

/** A few steps that do nothing, one after the other. */
export const Chain = defineWorkflow({
  name: "BenchChain",
  async run(ctx): Promise<number> {
    let done = 0;
    while (done < LINKS) done += await ctx.run("link", () => 1);
    return done;
  },
});

/** The least that could do the same by hand: a turn for each link, and a reminder to go on by. */
@actor("BenchChainByHand", { idleAfter: "1h" })
export class ChainByHand extends Actor {
  @state() accessor done = 0;

  async begin(): Promise<void> {
    this.done = 0;
    await this.reminders.set("goOn", { in: "1h" });
  }

  async link(): Promise<number> {
    if (this.done === LINKS - 1) await this.reminders.delete("goOn");
    return ++this.done;
  }

  @reminder("goOn")
  goOn(): void {
    throw new Error("the chain has not ended within the hour");
  }
}

/** Many steps at once, as many as a run may have under way. */
export const Fan = defineWorkflow({
  name: "BenchFan",
  async run(ctx, steps: number): Promise<number> {
    const all = Array.from({ length: steps }, (_, index) => index);
    const done = await ctx.map(all, () => ctx.run("step", () => 1), { concurrency: 500 });
    return done.length;
  },
});

/** A few calls of actors, one after the other. */
export const Calls = defineWorkflow({
  name: "BenchCalls",
  async run(ctx, targets: readonly string[]): Promise<number> {
    let last = 0;
    for (const id of targets) last = await ctx.actor(DurableCounter, id).add(1);
    return last;
  },
});

/** By how much each run of this process woke up too late, in milliseconds. */
export const NAPS: number[] = [];

export const Nap = defineWorkflow({
  name: "BenchNap",
  async run(ctx, until: number): Promise<void> {
    await ctx.sleep(new Date(until));
    NAPS.push(systemClock.now() - until);
  },
});

/** When each step of this process began, on the monotonic clock. */
export const STEPS: number[] = [];

/** A long history, and then a wait. */
export const Long = defineWorkflow({
  name: "BenchLong",
  events: { go: event() },
  async run(ctx, steps: number): Promise<void> {
    for (let step = 0; step < steps; step++)
      await ctx.run("step", () => void STEPS.push(systemClock.monotonic()));
    await ctx.event("go");
  },
});
