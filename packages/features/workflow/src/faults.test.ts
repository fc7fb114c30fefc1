import { type Clock, sleep } from "@troupe/core";
import { MemoryStateStore } from "@troupe/memory";
import { Actor, actor, readonly, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { storedRun } from "./actor/testing/stored-run.ts";
import { type Code, PaperRun } from "./executor/testing/paper-run.ts";
import { type Deeds, type Part, part, perform } from "./executor/testing/random-code.ts";
import { defineWorkflow, event, workflow } from "./index.ts";

/** Counts what it is told, by token. */
@actor("Ledger")
class Ledger extends Actor {
  @state() accessor counts: Record<string, number> = {};

  async note(token: string): Promise<number> {
    this.counts[token] = (this.counts[token] ?? 0) + 1;
    return this.counts[token];
  }

  @readonly() async read(): Promise<Record<string, number>> {
    return this.counts;
  }
}

const world: { clock?: Clock } = {};

const deeds: Deeds = {
  step: (name) => async () => {
    if (world.clock !== undefined) await sleep(world.clock, 7);
    if (name === "failing") throw new RangeError("on purpose");
    return name;
  },
  ask: (ctx) => ctx.actor(Ledger, "l").note(ctx.uuid()),
  send: (ctx) => ctx.send(Ledger, "l").note(ctx.uuid()),
};

const events = { x: event<number>(), y: event<number>() };

const Random = defineWorkflow({
  name: "Random",
  events,
  async run(ctx, { program, rounds }: { program: Part; rounds: number }): Promise<unknown> {
    const result = await perform(ctx, program, deeds);
    return rounds === 0 ? result : ctx.continueWith({ program, rounds: rounds - 1 });
  },
});

const faults = fc.array(
  fc.record({
    kind: fc.constantFrom("kill", "kill", "drain", "start", "away", "deaf", "up", "x", "y"),
    silo: fc.nat(2),
    afterMs: fc.integer({ min: 1, max: 60 }),
  }),
  { maxLength: 12 },
);

type Fault = typeof faults extends fc.Arbitrary<(infer F)[]> ? F : never;

const IDS = ["r-0", "r-1", "r-2"];

async function strike(cluster: TestCluster, { kind, silo, afterMs }: Fault): Promise<void> {
  await cluster.advance(afterMs);
  const one = cluster.silos[silo % Math.max(1, cluster.silos.length)];
  if (kind === "x" || kind === "y") return sendAll(cluster, kind);
  if (kind === "start") return void (await cluster.startSilo());
  if (one === undefined) return;
  if (kind === "kill") one.kill();
  else if (kind === "drain") {
    one.stores.fault = "up";
    await cluster.stopSilo(one);
  } else one.stores.fault = kind;
}

/** Sends an event to each run, as far as it gets there. */
async function sendAll(cluster: TestCluster, name: "x" | "y"): Promise<void> {
  for (const id of IDS) {
    const sent = workflow(cluster.client, Random, id).send(name, 1);
    void sent.catch(() => undefined);
  }
  await cluster.advance(5);
}

/** Until every run has ended, with events for those that wait for some. */
async function endAll(cluster: TestCluster): Promise<void> {
  const store = new MemoryStateStore(cluster.states);
  for (let round = 0; round < 40; round++) {
    // oxlint-disable no-await-in-loop -- one after the other.
    await cluster.advance(2_000);
    const runs = await Promise.all(IDS.map((id) => storedRun(store, { type: "Random", id })));
    if (runs.every(({ record }) => record?.endedAt !== undefined)) return;
    await sendAll(cluster, "x");
    await sendAll(cluster, "y");
    // oxlint-enable no-await-in-loop
  }
  throw new Error("a run has not ended");
}

async function checkRun(cluster: TestCluster, id: string, program: Part): Promise<string[]> {
  const store = new MemoryStateStore(cluster.states);
  const { record, episodes, outcomes, commands } = await cluster.run(
    storedRun(store, { type: "Random", id }),
  );
  expect(record?.blocked).toBeUndefined();
  expect(record?.awake).toBeUndefined();
  expect(new Set(outcomes).size).toBe(outcomes.length);
  const times = episodes.map(({ at }) => at);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  // W3: the history replays, and the tokens of its asks and sends follow from it.
  const tokens: string[] = [];
  const code: Code = (ctx) =>
    perform(ctx, program, {
      ...deeds,
      ask(context) {
        tokens.push(context.uuid());
        return ctx.actor("Ledger", "l").note?.() ?? Promise.resolve();
      },
      send(context) {
        tokens.push(context.uuid());
        ctx.send("Ledger", "l").note?.();
      },
    });
  await new PaperRun(code).replay(episodes);
  const calls = commands.filter(({ kind }) => kind === "ask" || kind === "send");
  expect(tokens).toHaveLength(calls.length);
  return tokens;
}

interface Life {
  readonly programs: readonly Part[];
  readonly rounds: number;
  readonly all: readonly Fault[];
  readonly seed: number;
}

async function live({ programs, rounds, all, seed }: Life): Promise<void> {
  const cluster = await TestCluster.start({ actors: [Ledger, Random], silos: 3, seed });
  world.clock = cluster.clock;
  try {
    for (const [index, id] of IDS.entries()) {
      const program = programs[index] ?? { kind: "sleep", ms: 1 };
      // oxlint-disable-next-line no-await-in-loop -- one after the other.
      await cluster.run(workflow(cluster.client, Random, id).start({ program, rounds }));
    }
    // oxlint-disable-next-line no-await-in-loop -- one after the other.
    for (const fault of all) await strike(cluster, fault);
    for (const { stores } of cluster.silos) stores.fault = "up";
    if (cluster.silos.length === 0) await cluster.startSilo();
    await endAll(cluster);
    const counts = await cluster.run(cluster.actor(Ledger, "l").read());
    const expected = new Map<string, number>();
    for (const [index, id] of IDS.entries()) {
      const program = programs[index] ?? { kind: "sleep", ms: 1 };
      // oxlint-disable-next-line no-await-in-loop -- one after the other.
      for (const token of await checkRun(cluster, id, program)) expected.set(token, 1);
    }
    // W6: what the ledger was told is what the histories say, each once.
    expect(counts).toEqual({ ...counts, ...Object.fromEntries(expected) });
    expect(new Set(Object.values(counts))).toEqual(new Set(Object.keys(counts).map(() => 1)));
    // Of rounds before the last one the histories are gone.
    if (rounds === 0) expect(Object.keys(counts)).toHaveLength(expected.size);
  } finally {
    for (const { stores } of cluster.silos) stores.fault = "up";
    await cluster[Symbol.asyncDispose]();
  }
}

it("holds what it promises, whatever programs do and whatever fails", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        programs: fc.array(part, { minLength: 3, maxLength: 3 }),
        rounds: fc.nat(2),
        all: faults,
        seed: fc.nat(1_000),
      }),
      live,
    ),
    { numRuns: 40 },
  );
}, 120_000);
