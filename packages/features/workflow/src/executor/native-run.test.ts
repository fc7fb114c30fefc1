import { turnInName } from "@troupe/client";
import { errorToPortable, TroupeError } from "@troupe/core";
import { describe, expect, it } from "vitest";
import type { Command } from "../machine/episode.ts";
import { type Code, PaperRun } from "./testing/paper-run.ts";

const never = (): Promise<never> => new Promise<never>(() => undefined);
const nothing = (): void => undefined;
const eventLoop = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

function commandsOf(run: PaperRun): Command[] {
  return run.given.map(({ command }) => command);
}

/** What the code gave in the end. */
function endOf(run: PaperRun): Command | undefined {
  return commandsOf(run).at(-1);
}

describe("the code of a run", () => {
  it("goes as far as it can with each thing that it is told", async () => {
    const run = await PaperRun.start(async (ctx, input) => {
      const left = await ctx.run("charge", nothing);
      const [right] = await Promise.all([ctx.run("ship", nothing), ctx.sleep("1h")]);
      return [input, left, right];
    }, "input");
    expect(commandsOf(run)).toEqual([{ kind: "run", name: "charge" }]);
    await run.settle(0, "paid");
    expect(commandsOf(run).slice(1)).toEqual([
      { kind: "run", name: "ship" },
      { kind: "timer", dueAt: 1_001 + 3_600_000 },
    ]);
    await run.settle(1, "shipped");
    await run.apply({ kind: "timer", of: 2 }, 4_000_000);
    expect(endOf(run)).toEqual({ kind: "complete", value: ["input", "paid", "shipped"] });
  });

  it("sees copies only, so that live and replayed values are the same", async () => {
    class Money {
      readonly amount = 5;
    }
    const seen: unknown[] = [];
    const run = await PaperRun.start(
      async (ctx, input) => {
        seen.push(input);
        (input as { list: number[] }).list.push(2);
        seen.push(await ctx.run("count", () => new Money()));
      },
      { list: [1] },
    );
    await run.settle(0, new Map([["a", new Date(5)]]));
    expect(seen).toEqual([{ list: [1, 2] }, new Map([["a", new Date(5)]])]);
    expect(run.history[0]?.input).toMatchObject({ input: { list: [1] } });
  });

  it("gets errors as their class, and fails with what it throws", async () => {
    const run = await PaperRun.start(async (ctx) => {
      try {
        await ctx.run("charge", nothing);
      } catch (error) {
        throw new TypeError(`it was ${String(error instanceof RangeError)}`, { cause: error });
      }
    });
    const error = errorToPortable(new RangeError("too much")).value;
    await run.apply({ kind: "outcome", of: 0, settled: { kind: "error", error } });
    expect(endOf(run)).toMatchObject({ kind: "fail" });
    expect(JSON.stringify(endOf(run))).toContain("it was true");
  });

  it("fails with a result that cannot be copied", async () => {
    const run = await PaperRun.start(async () => ({ list: [nothing] }));
    expect(JSON.stringify(endOf(run))).toContain("NOT_SERIALIZABLE");
    expect(JSON.stringify(endOf(run))).toContain("result.list[0]");
  });

  it("has time, chance and ids that are the same in a replay", async () => {
    const draws: unknown[][] = [];
    const code: Code = async (ctx) => {
      const drawn: unknown[] = [ctx.now(), ctx.random(), ctx.uuid()];
      draws.push(drawn);
      await ctx.run("wait", nothing);
      drawn.push(ctx.now(), ctx.random(), ctx.uuid());
    };
    const run = await PaperRun.start(code);
    await run.settle(0, 1);
    await new PaperRun(code).replay(run.history);
    expect(draws[0]).toHaveLength(6);
    expect(draws[1]).toEqual(draws[0]);
  });

  it("withdraws the losers of a race", async () => {
    const run = await PaperRun.start(
      async (ctx) => await ctx.race({ paid: ctx.run("charge", nothing), late: ctx.sleep("1d") }),
    );
    await run.settle(0, "paid");
    expect(commandsOf(run).slice(2)).toEqual([
      { kind: "withdraw", of: 1 },
      { kind: "complete", value: { key: "paid", value: "paid" } },
    ]);
  });

  it("maps with so many at once as it is told", async () => {
    const run = await PaperRun.start(
      async (ctx) =>
        await ctx.map(["a", "b", "c"], (item) => ctx.run(item, nothing), { concurrency: 2 }),
    );
    expect(commandsOf(run)).toHaveLength(2);
    await run.settle(1, "B");
    await run.settle(0, "A");
    await run.settle(2, "C");
    expect(endOf(run)).toEqual({ kind: "complete", value: ["A", "B", "C"] });
  });

  it("begins no further item when one has failed", async () => {
    const run = await PaperRun.start(async (ctx) => {
      const steps = (item: string): Promise<unknown> => ctx.run(item, nothing);
      await ctx.map(["a", "b", "c"], steps, { concurrency: 2 }).catch(() => undefined);
      await ctx.run("after", nothing);
    });
    await run.apply(failure(0, new Error("no")));
    await run.settle(1, "B");
    await run.settle(2, 1);
    const names = commandsOf(run).map((command) => ("name" in command ? command.name : ""));
    expect(names).toEqual(["a", "b", "after", ""]);
  });

  it("may leave promises alone that fail", async () => {
    const run = await PaperRun.start(async (ctx) => {
      void ctx.run("left alone", nothing);
      await ctx.run("awaited", nothing);
    });
    const error = errorToPortable(new Error("nobody cares")).value;
    await run.apply({ kind: "outcome", of: 0, settled: { kind: "error", error } });
    await run.settle(1, 1);
    expect(endOf(run)?.kind).toBe("complete");
  });

  it("calls actors by commands with a copy of the arguments", async () => {
    const run = await PaperRun.start(async (ctx) => {
      const list = [1];
      const account = ctx.actor("Account", "alice");
      const answer = account.withdraw?.(list);
      list.push(2);
      ctx.send("Log", "l").write?.("x");
      return await answer;
    });
    expect(commandsOf(run)).toEqual([
      { kind: "ask", name: "Account/alice.withdraw" },
      { kind: "send", name: "Log/l.write" },
    ]);
    expect(run.native.callOf(0)).toMatchObject({ kind: "ask", method: "withdraw", args: [[1]] });
    expect(run.native.callOf(1)).toMatchObject({ kind: "send", to: { type: "Log", id: "l" } });
  });

  it.each([
    ["a step without a name", (ctx) => ctx.run("", nothing), "BAD_DEFINITION"],
    [
      "a step with a wrong timeout",
      (ctx) => ctx.run("a", nothing, { timeout: "x" as "1s" }),
      "BAD_DEFINITION",
    ],
    ["a sleep of no time", (ctx) => ctx.sleep("soon" as "1s"), "BAD_SCHEDULE"],
    ["a sleep without an end", (ctx) => ctx.sleep(1e15), "BAD_SCHEDULE"],
    ["a date that is none", (ctx) => ctx.sleep(new Date(Number.NaN)), "BAD_SCHEDULE"],
    ["an undeclared event", (ctx) => ctx.event("z" as never), "NO_SUCH_EVENT"],
    [
      "too many steps",
      (ctx) => ctx.map(Array.from({ length: 501 }), () => ctx.run("a", nothing)),
      "OVERLOADED",
    ],
  ] as [string, Code, string][])("is told of %s where it asks", async (_, ask, code) => {
    const run = await PaperRun.start(async (ctx) => {
      try {
        await ask(ctx, undefined);
      } catch (error) {
        return error instanceof TroupeError ? error.code : String(error);
      }
    });
    expect(endOf(run)).toEqual({ kind: "complete", value: code });
  });
});

describe("a run that is cancelled", () => {
  it("rejects everything that it awaits once, and may tidy up", async () => {
    const run = await PaperRun.start(async (ctx) => {
      try {
        await Promise.all([ctx.run("a", nothing), ctx.sleep("1d")]);
      } finally {
        await ctx.run("tidy up", nothing);
      }
    });
    await run.apply({ kind: "cancel", reason: "enough" });
    expect(endOf(run)).toEqual({ kind: "run", name: "tidy up" });
    await run.settle(2, 1);
    expect(endOf(run)).toEqual({ kind: "cancelled", reason: "enough" });
  });

  it("has completed if it catches the cancellation and returns", async () => {
    const run = await PaperRun.start(async (ctx) => {
      await ctx.sleep("1d").catch(() => undefined);
      return "anyway";
    });
    await run.apply({ kind: "cancel", reason: "enough" });
    expect(endOf(run)).toEqual({ kind: "complete", value: "anyway" });
  });
});

const saga: Code = async (ctx) => {
  const undo = nothing;
  await ctx.run("flight", nothing, { undo });
  await ctx.run("hotel", nothing, { undo }).catch(() => undefined);
  await ctx.run("car", nothing, { undo });
  await ctx.run("pay", nothing, { undo });
};
const failure = (of: number, error: unknown) =>
  ({
    kind: "outcome",
    of,
    settled: { kind: "error", error: errorToPortable(error).value },
  }) as const;

describe("undos", () => {
  it("run in reverse for steps that had, or may have had, an effect", async () => {
    const run = await PaperRun.start(saga);
    await run.settle(0, "flight");
    await run.apply(failure(1, new TroupeError("TIMEOUT", "who knows")));
    await run.settle(2, "car");
    await run.apply(failure(3, new RangeError("no money")));
    for (const number of [4, 5, 6]) {
      expect(run.history.at(-1)?.commands).toHaveLength(1);
      // oxlint-disable-next-line no-await-in-loop -- one after the other.
      await run.settle(number, undefined);
    }
    expect(commandsOf(run).slice(4)).toMatchObject([
      { kind: "run", name: "undo car" },
      { kind: "run", name: "undo hotel" },
      { kind: "run", name: "undo flight" },
      { kind: "fail" },
    ]);
    expect(JSON.stringify(endOf(run))).toContain("no money");
  });

  it("that fail are told beside what the run failed with", async () => {
    const run = await PaperRun.start(saga);
    await run.settle(0, "flight");
    await run.apply({ kind: "cancel", reason: "enough" });
    // The rejection of the hotel is caught; what comes next is the car.
    await run.settle(2, "car");
    await run.apply(failure(3, new RangeError("no money")));
    await run.settle(4, undefined);
    await run.apply(failure(5, new Error("hotel is closed")));
    await run.settle(6, undefined);
    expect(JSON.stringify(endOf(run))).toMatch(/no money.*hotel is closed/);
  });
});

describe("code that waits for something foreign", () => {
  it("is found when it waits for nothing else", async () => {
    await expect(PaperRun.start(never)).rejects.toMatchObject({ code: "FOREIGN_AWAIT" });
    const later = await PaperRun.start(async (ctx) => {
      await ctx.run("a", nothing);
      await new Promise((resolve) => setImmediate(resolve));
    });
    await expect(later.settle(0, 1)).rejects.toMatchObject({ code: "FOREIGN_AWAIT" });
  });

  it("is found when it goes on by itself", async () => {
    const run = await PaperRun.start(async (ctx) => {
      await Promise.race([ctx.sleep("1d"), eventLoop()]);
      await ctx.run("a", nothing);
    });
    const ends = await PaperRun.start(async (ctx) => {
      await Promise.race([ctx.sleep("1d"), eventLoop()]);
    });
    await eventLoop();
    await eventLoop();
    for (const { foreign, machine } of [run, ends]) {
      expect(foreign.map(({ code }) => code)).toEqual(["FOREIGN_AWAIT"]);
      expect(machine.phase).toBe("running");
    }
  });
});

describe("ctx", () => {
  it("works in the code of its own run only", async () => {
    const leaked: { ctx?: Parameters<Code>[0] } = {};
    const run = await PaperRun.start(async (ctx) => {
      leaked.ctx = ctx;
      await ctx.run("a", nothing);
    });
    expect(() => leaked.ctx?.now()).toThrow("CONTEXT_MISUSE");
    await expect(leaked.ctx?.run("b", nothing)).rejects.toThrow("CONTEXT_MISUSE");
    expect(commandsOf(run)).toHaveLength(1);
  });

  it("does not work after the end", async () => {
    const seen: unknown[] = [];
    const run = await PaperRun.start(async (ctx) => {
      void ctx
        .run("a", nothing)
        .then(() => undefined)
        .then(() => seen.push("never"));
      queueMicrotask(() => {
        queueMicrotask(() => {
          queueMicrotask(
            () => void ctx.sleep("1d").catch((error: unknown) => seen.push(String(error))),
          );
        });
      });
    });
    expect(endOf(run)?.kind).toBe("complete");
    expect(seen).toEqual([expect.stringContaining("CONTEXT_MISUSE")]);
  });
});

function codeOf(ask: Promise<unknown>): Promise<unknown> {
  return ask.catch((error: unknown) => (error as TroupeError).code);
}

it("may only end when its history is full", async () => {
  const run = new PaperRun(async (ctx) => {
    return [await codeOf(ctx.run("a", nothing)), await codeOf(ctx.sleep(1)), ctx.now()];
  });
  const begin = { kind: "begin", input: undefined, seed: "s" } as const;
  const commands = await run.native.drive(begin, { now: 5, episode: 50_000, isReplay: false });
  expect(commands).toEqual([{ kind: "complete", value: ["HISTORY_FULL", "HISTORY_FULL", 5] }]);
});

const lasting: Code = (ctx) => (ctx.shouldContinue ? ctx.continueWith({ total: 5 }) : 0);

it("is told when it had better continue with another input", async () => {
  const begin = { kind: "begin", input: undefined, seed: "s" } as const;
  const at = async (episode: number): Promise<unknown> =>
    await new PaperRun(lasting).native.drive(begin, { now: 5, episode, isReplay: false });
  expect(await at(9_999)).toEqual([{ kind: "complete", value: 0 }]);
  expect(await at(10_000)).toEqual([{ kind: "continue", input: { total: 5 } }]);
});

it("is named when a promise is rejected that it left alone", async () => {
  const listeners = process.listeners("unhandledRejection");
  const names: unknown[] = [];
  process.removeAllListeners("unhandledRejection");
  process.once("unhandledRejection", () => names.push(turnInName()?.address));
  try {
    await PaperRun.start(async (ctx) => {
      void Promise.resolve().then(() => {
        throw new Error("nobody listens");
      });
      await ctx.sleep("1d");
    });
    await eventLoop();
  } finally {
    for (const listener of listeners) process.on("unhandledRejection", listener);
  }
  expect(names).toEqual([{ type: "Order", id: "o-1" }]);
});
