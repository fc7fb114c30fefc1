import { type ActorType, actor, state } from "@troupe/sdk";
import type { Probe } from "./probe.ts";
import { IDLE_AFTER, type WatchedActor } from "./watched-actor.ts";

/** Comes to life only by a call that may wake it. */
export function sleeperActor(probe: Probe, Watched: WatchedActor): ActorType {
  @actor("Sleeper", { idleAfter: IDLE_AFTER })
  class Sleeper extends Watched {
    @state() accessor calls = 0;

    /** Some of its calls are not to wake it. */
    async nap(call: string, ms: number): Promise<number> {
      return await probe.turn(this, { call, method: "nap" }, async () => {
        await probe.work(ms);
        return ++this.calls;
      });
    }

    /** Ends the activation behind itself. */
    async leave(call: string): Promise<void> {
      await probe.turn(this, { call, method: "leave" }, () => this.deactivate());
    }
  }
  return Sleeper;
}
