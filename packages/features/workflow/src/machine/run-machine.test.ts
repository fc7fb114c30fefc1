import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Command, Episode, Input } from "./episode.ts";
import { RunMachine } from "./run-machine.ts";
import { RandomProgram, step } from "./testing/random-program.ts";

const STARTED: Input = { kind: "started", input: "go", seed: "s" };

const value = (of: number, text: string): Input => ({
  kind: "outcome",
  of,
  settled: { kind: "value", value: text },
});

/** A machine whose code has given these commands in answer to its start. */
function started(...commands: readonly Command[]): RunMachine {
  const machine = new RunMachine();
  machine.apply(STARTED, 100);
  expect(machine.next()).toEqual({ kind: "begin", input: "go", seed: "s" });
  machine.accept(commands);
  return machine;
}

/** What the code is told, if it gives nothing in answer. */
function told(machine: RunMachine): unknown[] {
  const deliveries: unknown[] = [];
  for (let next = machine.next(); next !== undefined; next = machine.next()) deliveries.push(next);
  return deliveries;
}

const settled = (of: number, text: unknown): unknown => ({
  kind: "settle",
  of,
  settled: { kind: "value", value: text },
});

describe("a run", () => {
  it("starts once", () => {
    const machine = started();
    expect(machine.apply(STARTED, 200)).toBe(false);
    expect(machine.now).toBe(100);
  });

  it("settles a step once, and takes no second outcome", () => {
    const machine = started({ kind: "run", name: "charge" });
    expect(machine.apply(value(0, "paid"), 110)).toBe(true);
    expect(told(machine)).toEqual([settled(0, "paid")]);
    expect(machine.apply(value(0, "paid twice"), 120)).toBe(false);
    expect(machine.apply(value(7, "unknown"), 120)).toBe(false);
    expect(told(machine)).toEqual([]);
  });

  it("gives events to waiters in order, and keeps those that nobody waits for", () => {
    const machine = started({ kind: "event", name: "x" }, { kind: "event", name: "x" });
    for (const data of [1, 2, 3]) machine.apply({ kind: "event", name: "x", data }, 110);
    expect(told(machine)).toEqual([settled(0, 1), settled(1, 2)]);
    expect(machine.bufferedEvents).toBe(1);
    machine.accept([
      { kind: "event", name: "y" },
      { kind: "event", name: "x" },
    ]);
    expect(told(machine)).toEqual([settled(3, 3)]);
  });

  it("gives no event to a waiter that is withdrawn in answer to another", () => {
    const machine = started();
    machine.apply({ kind: "event", name: "x", data: 1 }, 110);
    machine.apply({ kind: "event", name: "y", data: 2 }, 110);
    machine.accept([
      { kind: "event", name: "x" },
      { kind: "event", name: "y" },
    ]);
    expect(machine.next()).toEqual(settled(0, 1));
    machine.accept([{ kind: "withdraw", of: 1 }]);
    expect(machine.next()).toBeUndefined();
    expect(machine.bufferedEvents).toBe(1);
  });

  it("fires timers in the order of their times, never early and once", () => {
    const machine = started(
      { kind: "timer", dueAt: 300 },
      { kind: "event", name: "x", dueAt: 200 },
    );
    expect(machine.nextDue).toBe(200);
    expect(machine.firstDue(199)).toBeUndefined();
    expect(machine.apply({ kind: "timer", of: 1 }, 199)).toBe(false);
    expect(machine.firstDue(400)).toBe(1);
    expect(machine.apply({ kind: "timer", of: 1 }, 400)).toBe(true);
    expect(told(machine)).toEqual([settled(1, undefined)]);
    expect(machine.apply({ kind: "timer", of: 1 }, 400)).toBe(false);
    expect(machine.firstDue(400)).toBe(0);
  });

  it("lets no time go back", () => {
    const machine = started({ kind: "run", name: "a" }, { kind: "run", name: "b" });
    machine.apply(value(0, "one"), 500);
    machine.apply(value(1, "two"), 400);
    expect(machine.now).toBe(500);
  });

  it("counts the attempts of a step, and waits until the next one is due", () => {
    const machine = started({ kind: "run", name: "charge" });
    machine.apply({ kind: "attempt", of: 0, attempt: 4, error: "no", retryAt: 5_000 }, 110);
    expect(machine.pending.get(0)).toMatchObject({ attempt: 4, retryAt: 5_000, lastError: "no" });
    expect(machine.apply({ kind: "lost", of: 0 }, 120)).toBe(false);
    expect(machine.apply({ kind: "timer", of: 0 }, 5_000)).toBe(true);
    expect(told(machine)).toEqual([]);
    expect(machine.apply({ kind: "lost", of: 0 }, 5_100)).toBe(true);
    expect(machine.pending.get(0)).toMatchObject({ attempt: 5, losses: 1 });
  });

  it("rejects all that is awaited once when it is cancelled, and goes on", () => {
    const machine = started({ kind: "run", name: "a" }, { kind: "timer", dueAt: 900 });
    expect(machine.apply({ kind: "cancel", reason: "enough" }, 110)).toBe(true);
    expect(told(machine)).toEqual([{ kind: "cancel", of: [0, 1], reason: "enough" }]);
    expect(machine.apply({ kind: "cancel", reason: "again" }, 120)).toBe(false);
    expect(machine.apply(value(0, "late"), 120)).toBe(false);
    machine.accept([{ kind: "run", name: "tidy up" }]);
    expect(machine.apply(value(2, "done"), 130)).toBe(true);
  });

  it("takes nothing more after its end", () => {
    const machine = started({ kind: "timer", dueAt: 900 }, { kind: "complete", value: 1 });
    expect(machine.phase).toBe("completed");
    expect(machine.nextDue).toBeUndefined();
    expect(machine.apply({ kind: "event", name: "x", data: 1 }, 110)).toBe(false);
    expect(machine.apply({ kind: "terminate", reason: "" }, 110)).toBe(false);
  });

  it("can be terminated before its start was applied", () => {
    const machine = new RunMachine();
    expect(machine.apply({ kind: "event", name: "x", data: 1 }, 90)).toBe(false);
    expect(machine.apply({ kind: "terminate", reason: "now" }, 100)).toBe(true);
    expect(machine.phase).toBe("terminated");
    expect(machine.apply(STARTED, 110)).toBe(false);
  });

  it("ends at once when it is terminated", () => {
    const machine = started({ kind: "run", name: "a" });
    expect(machine.apply({ kind: "terminate", reason: "now" }, 110)).toBe(true);
    expect(told(machine)).toEqual([]);
    expect(machine.phase).toBe("terminated");
  });
});

interface World {
  readonly machine: RunMachine;
  readonly program: RandomProgram;
  readonly history: Episode[];
}

const anyInput: fc.Arbitrary<(world: World) => Input> = fc
  .record({
    kind: fc.constantFrom("outcome", "attempt", "lost", "timer", "event", "cancel"),
    pick: fc.nat(20),
    name: fc.constantFrom("a", "b", "c"),
    isRare: fc.nat(15),
  })
  .map(({ kind, pick, name, isRare }) => ({ machine, history }) => {
    const waiting = [...machine.pending.keys()];
    // Now and then one that is not there.
    const of = waiting[pick % (waiting.length + 1)] ?? pick;
    switch (kind) {
      case "attempt":
        return { kind, of, attempt: 2, error: "failed", retryAt: machine.now + pick };
      case "lost":
      case "timer":
        return { kind, of };
      case "event":
        return { kind, name, data: history.length };
      case "cancel":
        return isRare === 0
          ? { kind, reason: "enough" }
          : { kind: "event", name, data: history.length };
      case "outcome":
        return value(of, `of ${of}`);
    }
  });

const lives = fc.record({
  seed: fc.nat(),
  inputs: fc.array(fc.tuple(anyInput, fc.nat(30)), { maxLength: 60 }),
});

/** A whole life of a random program, with what it did at each input. */
function live({ seed, inputs }: typeof lives extends fc.Arbitrary<infer L> ? L : never): World {
  const world = { machine: new RunMachine(), program: new RandomProgram(seed), history: [] };
  const all: [(world: World) => Input, number][] = [[() => STARTED, 0], ...inputs];
  let now = 1_000;
  for (const [make, passed] of all) {
    now += passed;
    const stepped = step(world.machine, world.program, { input: make(world), at: now });
    if (stepped !== undefined) (world.history as Episode[]).push(stepped.episode);
  }
  return world;
}

/** What can be seen of a machine. */
function seen({ phase, now, status, pending, bufferedEvents, nextDue }: RunMachine): unknown {
  return { phase, now, status, pending: [...pending], bufferedEvents, nextDue };
}

describe("a run of any program, whatever happens in whatever order", () => {
  it("does the same again in a replay of every prefix of its history", () => {
    fc.assert(
      fc.property(lives, fc.nat(), (life, cut) => {
        const { history } = live(life);
        const again = new RunMachine();
        const program = new RandomProgram(life.seed);
        const restored = new RunMachine();
        for (const episode of history.slice(0, cut % (history.length + 1))) {
          expect(step(again, program, episode)?.episode).toEqual(episode);
          restored.restore(episode);
          expect(seen(restored)).toEqual(seen(again));
        }
      }),
    );
  });

  it("settles each command once at most, and none that is withdrawn", () => {
    fc.assert(
      fc.property(lives, (life) => {
        const { program, history } = live(life);
        const commands = history.flatMap((episode) => episode.commands);
        const gone = new Set<number>();
        const settles = program.told.flatMap((one) => (one.kind === "settle" ? [one.of] : []));
        for (const of of settles) {
          expect(commands[of]?.kind).toMatch(/^(run|ask|timer|event)$/);
          expect(gone.has(of)).toBe(false);
          gone.add(of);
        }
        for (const command of commands)
          if (command.kind === "withdraw") expect(gone.has(command.of)).toBe(false);
        // A recorded outcome is that of a step without one.
        const outcomes = history.flatMap(({ input }) =>
          input.kind === "outcome" ? [input.of] : [],
        );
        expect(new Set(outcomes).size).toBe(outcomes.length);
      }),
    );
  });

  it("gives each event to one waiter in order, or still has it", () => {
    fc.assert(
      fc.property(lives, (life) => {
        const { machine, program, history } = live(life);
        const commands = history.flatMap((episode) => episode.commands);
        for (const name of ["a", "b", "c"]) {
          const sent = history.flatMap(({ input }) =>
            input.kind === "event" && input.name === name ? [input.data] : [],
          );
          const received = program.told.flatMap((one) => {
            if (one.kind !== "settle" || one.settled.kind !== "value") return [];
            const command = commands[one.of];
            const isEvent = command?.kind === "event" && command.name === name;
            return isEvent && one.settled.value !== undefined ? [one.settled.value] : [];
          });
          expect(sent.slice(0, received.length)).toEqual(received);
          if (machine.hasEnded) continue;
          const waits = [...machine.pending.values()].some(
            (pending) => pending.kind === "event" && pending.name === name,
          );
          if (waits) expect(received).toEqual(sent);
        }
      }),
    );
  });
});
