import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Input } from "../machine/episode.ts";
import { type Code, EVENTS, PaperRun } from "./testing/paper-run.ts";

/** A program as data: what an author writes with `await`, `Promise.all`, races and branches. */
type Part =
  | { readonly kind: "run" | "event" | "late event"; readonly name: string }
  | { readonly kind: "sleep"; readonly ms: number }
  | { readonly kind: "race" | "all" | "sequence" | "try"; readonly parts: readonly Part[] };

const { part } = fc.letrec<{ part: Part; leaf: Part }>((tie) => ({
  part: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    fc.record({
      kind: fc.constantFrom("race", "all", "sequence", "try"),
      parts: fc.array(tie("part"), { minLength: 1, maxLength: 4 }),
    }),
  ),
  leaf: fc.oneof(
    fc.record({ kind: fc.constant("run"), name: fc.constantFrom("a", "b") }),
    fc.record({ kind: fc.constantFrom("event", "late event"), name: fc.constantFrom(...EVENTS) }),
    fc.record({ kind: fc.constant("sleep"), ms: fc.nat(30) }),
  ),
}));

/** Runs a part; what came first decides what comes next, as in any program. */
async function perform(ctx: Parameters<Code>[0], one: Part): Promise<unknown> {
  switch (one.kind) {
    case "run":
      return await ctx.run(one.name, () => undefined);
    case "event":
      return await ctx.event(one.name as never);
    case "late event":
      return await ctx.event(one.name as never, { timeout: 10 });
    case "sleep":
      return await ctx.sleep(one.ms + Math.floor(ctx.random() * 3));
    case "all":
      return await Promise.all(one.parts.map((inner) => perform(ctx, inner)));
    case "race":
      return await Promise.race(one.parts.map((inner) => perform(ctx, inner)));
    case "sequence": {
      const results: unknown[] = [];
      // oxlint-disable-next-line no-await-in-loop -- one after the other.
      for (const inner of one.parts) results.push(await perform(ctx, inner));
      return results;
    }
    case "try":
      try {
        const winner = await ctx.race(
          Object.fromEntries(one.parts.map((inner, index) => [`${index}`, leafOf(ctx, inner)])),
        );
        return [winner, await ctx.run(`after ${winner.key}`, () => undefined)];
      } catch (error) {
        return await ctx.run(`caught ${String(error).slice(0, 30)}`, () => undefined);
      }
  }
}

/** A promise of the context itself, so that a race can withdraw it. */
function leafOf(ctx: Parameters<Code>[0], one: Part): Promise<unknown> {
  if (one.kind === "run") return ctx.run(one.name, () => undefined);
  if (one.kind === "event") return ctx.event(one.name as never);
  return ctx.sleep(5);
}

const happenings = fc.array(
  fc.record({
    kind: fc.constantFrom("outcome", "outcome", "timer", "event", "cancel"),
    pick: fc.nat(10),
    passed: fc.nat(40),
  }),
  { maxLength: 25 },
);

function inputOf(run: PaperRun, { kind, pick }: { kind: string; pick: number }): Input {
  const waiting = [...run.machine.pending.keys()];
  const of = waiting[pick % (waiting.length + 1)] ?? pick;
  if (kind === "event") return { kind, name: pick % 2 === 0 ? "x" : "y", data: pick };
  if (kind === "cancel" && pick === 0) return { kind, reason: "enough" };
  if (kind === "timer") return { kind, of };
  return { kind: "outcome", of, settled: { kind: "value", value: pick } };
}

it("replays the history of any program, and every prefix of it, with the same commands", async () => {
  await fc.assert(
    fc.asyncProperty(part, happenings, fc.nat(), async (program, all, cut) => {
      const code: Code = (ctx) => perform(ctx, program);
      const run = await PaperRun.start(code);
      for (const happening of all) {
        const at = run.machine.now + happening.passed;
        // oxlint-disable-next-line no-await-in-loop -- one after the other.
        await run.apply(inputOf(run, happening), at);
      }
      const prefix = run.history.slice(0, 1 + (cut % run.history.length));
      const again = new PaperRun(code);
      await again.replay(prefix);
      expect(again.history).toEqual(prefix);
      expect(run.foreign).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
