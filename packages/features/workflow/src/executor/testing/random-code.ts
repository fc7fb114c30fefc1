import * as fc from "fast-check";
import type { WorkflowContext } from "../workflow-context.ts";

/** A program as data: what an author writes with `await`, `Promise.all`, races and branches. */
export type Part =
  | { readonly kind: "run" | "failing run" | "event" | "late event"; readonly name: string }
  | { readonly kind: "ask" | "send" }
  | { readonly kind: "sleep"; readonly ms: number }
  | { readonly kind: "race" | "all" | "sequence" | "first"; readonly parts: readonly Part[] };

/** What tests give to the code of a run. */
export interface Deeds {
  /** What a step of this name does. */
  step(name: string): () => unknown;
  /** Calls an actor, and gives its answer. */
  ask(ctx: Context): Promise<unknown>;
  send(ctx: Context): void;
}

type Context = WorkflowContext<never>;

const names = fc.constantFrom("a", "b");
const events = fc.constantFrom("x", "y");

/** Any program of these parts. */
export const part: fc.Arbitrary<Part> = fc.letrec<{ part: Part; leaf: Part }>((tie) => ({
  part: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    fc.record({
      kind: fc.constantFrom("race", "all", "sequence", "first"),
      parts: fc.array(tie("part"), { minLength: 1, maxLength: 4 }),
    }),
  ),
  leaf: fc.oneof(
    fc.record({ kind: fc.constantFrom("run", "failing run"), name: names }),
    fc.record({ kind: fc.constantFrom("event", "late event"), name: events }),
    fc.record({ kind: fc.constantFrom("ask", "send") }),
    fc.record({ kind: fc.constant("sleep"), ms: fc.nat(30) }),
  ),
})).part;

/** Does what a part says; what came first decides what comes next, as in any program. */
export async function perform(ctx: Context, one: Part, deeds: Deeds): Promise<unknown> {
  switch (one.kind) {
    case "all":
      return await Promise.all(one.parts.map((inner) => perform(ctx, inner, deeds)));
    case "race":
      return await Promise.race(one.parts.map((inner) => perform(ctx, inner, deeds)));
    case "sequence": {
      const results: unknown[] = [];
      // oxlint-disable-next-line no-await-in-loop -- one after the other.
      for (const inner of one.parts) results.push(await perform(ctx, inner, deeds));
      return results;
    }
    case "first":
      return await first(ctx, one.parts, deeds);
    case "run":
    case "failing run":
    case "event":
    case "late event":
    case "ask":
    case "send":
    case "sleep":
      return await leaf(ctx, one, deeds);
  }
}

/** A race that withdraws its losers, and a step whose name says who won. */
async function first(ctx: Context, parts: readonly Part[], deeds: Deeds): Promise<unknown> {
  try {
    const entries = parts.map((inner, index) => [`${index}`, leaf(ctx, inner, deeds)] as const);
    const winner = await ctx.race(Object.fromEntries(entries));
    return [winner, await ctx.run(`after ${winner.key}`, deeds.step("after"))];
  } catch (error) {
    return await ctx.run(`caught ${String(error).slice(0, 20)}`, deeds.step("caught"));
  }
}

/** A promise of the context itself, so that a race can withdraw it. */
function leaf(ctx: Context, one: Part, deeds: Deeds): Promise<unknown> {
  switch (one.kind) {
    case "run":
      return ctx.run(one.name, deeds.step(one.name));
    case "failing run":
      return ctx.run(one.name, deeds.step("failing"), { retry: { attempts: 2, first: "5ms" } });
    case "event":
      return ctx.event(one.name as never);
    case "late event":
      return ctx.event(one.name as never, { timeout: 10 });
    case "ask":
      return deeds.ask(ctx);
    case "send":
      deeds.send(ctx);
      return ctx.sleep(1);
    case "sleep":
      return ctx.sleep(one.ms + Math.floor(ctx.random() * 3));
    case "all":
    case "race":
    case "sequence":
    case "first":
      return ctx.sleep(5);
  }
}
