import { systemClock, sleep, TroupeError } from "@troupe/core";
import { defineWorkflow, event, type StepContext } from "@troupe/workflow";
import { Actor, actor, readonly, state } from "troupe";
import { note } from "../actors/journal.ts";
import { gateId, LEGS, tollOf } from "./facts.ts";

/** What a voyage begins with. */
export interface VoyagePlan {
  readonly number: number;
  /** One of its steps ends the process that it runs in. */
  readonly isDeadly: boolean;
}

/** What a voyage comes to. */
export interface VoyageLog {
  /** Of each leg, the place of its toll in the list of its gate. */
  readonly tolls: readonly number[];
  readonly stamps: readonly number[];
  /** The code of the error with which the deadly step was given up. */
  readonly lost: string;
}

/** So long that a process has other steps under way when it ends. */
const DEADLY_MS = 50;

/** Keeps who has paid, in order. */
@actor("Gate")
export class Gate extends Actor {
  @state() accessor paid: string[] = [];

  /** Gives the place in the list. */
  async pay(toll: string): Promise<number> {
    return this.paid.push(toll);
  }

  @readonly()
  async read(): Promise<readonly string[]> {
    return this.paid;
  }
}

/** Twenty things of all kinds, one after the other, and a last step that says so. */
export const Voyage = defineWorkflow({
  name: "Voyage",
  events: { stamped: event<number>() },
  async run(ctx, { number, isDeadly }: VoyagePlan): Promise<VoyageLog> {
    const tolls: number[] = [];
    const stamps: number[] = [];
    for (let leg = 0; leg < LEGS; leg++) {
      await ctx.run(`pack ${leg}`, (step) => noteStep(ctx.id, `pack-${leg}`, step));
      tolls.push(await ctx.actor(Gate, gateId(number + leg)).pay(tollOf(ctx.id, leg)));
      await ctx.run(`sail ${leg}`, (step) => noteStep(ctx.id, `sail-${leg}`, step), {
        retry: { first: 10 },
      });
      await ctx.sleep(20);
      stamps.push(await ctx.event("stamped"));
    }
    const lost = isDeadly ? await codeOf(ctx.run("deadly", endProcess)) : "";
    await ctx.run("arrive", (step) => noteStep(ctx.id, "arrive", step));
    return { tolls, stamps, lost };
  },
});

/** Every third attempt that is a first one fails when its work is done. */
function noteStep(voyage: string, name: string, { key, attempt }: StepContext): void {
  note("step", voyage, name, key);
  if (attempt === 1 && voyage.length % 3 === 0 && name.startsWith("sail"))
    throw new RangeError("the wind has turned");
}

async function endProcess({ key }: StepContext): Promise<void> {
  note("deadly", key);
  await sleep(systemClock, DEADLY_MS);
  process.exit(3);
}

async function codeOf(step: Promise<unknown>): Promise<string> {
  try {
    await step;
    return "none";
  } catch (error) {
    return error instanceof TroupeError ? error.code : "other";
  }
}
