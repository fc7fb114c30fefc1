import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Input } from "../machine/episode.ts";
import { type Code, PaperRun } from "./testing/paper-run.ts";
import { type Deeds, part, perform } from "./testing/random-code.ts";

/** The test says what comes of steps and asks. */
const deeds: Deeds = {
  step: () => () => undefined,
  ask: (ctx) => ctx.actor("Ledger", "l").note?.(ctx.uuid()) ?? Promise.resolve(),
  send: (ctx) => ctx.send("Ledger", "l").note?.(ctx.uuid()),
};

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
      const code: Code = (ctx) => perform(ctx, program, deeds);
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
