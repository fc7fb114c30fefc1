import { anyHostileValue } from "@troupe/conformance";
import { type Logger, messageOf } from "@troupe/core";
import { Actor, actor, oneWay, reminder, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import * as fc from "fast-check";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";

/** What the actors of a test make next: values cannot be passed if they cannot be copied. */
let make: () => unknown = () => undefined;

@actor("Box")
class Box extends Actor {
  @state() accessor kept: unknown = null;
  @state() accessor count = 0;

  async echo(value: unknown): Promise<unknown> {
    return value;
  }

  async produce(): Promise<unknown> {
    return make();
  }

  async fail(): Promise<void> {
    this.count++;
    throw make();
  }

  failAtOnce(): void {
    throw make();
  }

  @oneWay() async failUnheard(): Promise<void> {
    throw make();
  }

  async keep(): Promise<void> {
    this.kept = make();
  }

  async look(): Promise<unknown> {
    return this.kept;
  }

  async leave(): Promise<void> {
    this.deactivate();
  }

  async sendTo(other: string): Promise<void> {
    this.count++;
    this.send(Box, other).fail();
  }

  async sendValue(other: string): Promise<void> {
    this.send(Box, other).echo(make());
  }

  async remind(): Promise<void> {
    await this.reminders.set("ring", { in: "1s", data: make(), retry: { attempts: 1 } });
  }

  async logIt(): Promise<string> {
    this.log.info(make() as object, "order placed");
    (this.log.warn as unknown as (message: string, fields: unknown) => void).call(
      this.log,
      "order placed",
      make(),
    );
    return "logged";
  }

  @reminder("ring") async ring(): Promise<void> {
    throw make();
  }
}

@actor("Sick")
class Sick extends Actor {
  override async onActivate(): Promise<void> {
    throw make();
  }

  async ping(): Promise<void> {}
}

@actor("Dying")
class Dying extends Actor {
  async leave(): Promise<void> {
    this.deactivate();
  }

  override async onDeactivate(): Promise<void> {
    throw make();
  }
}

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", note);
});
afterEach(() => {
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

/** A log that writes out all that it is given, as a real one does. */
const writtenLog: Logger = {
  debug: (fields, message) => void JSON.stringify([fields, message]),
  info: (fields, message) => void JSON.stringify([fields, message]),
  warn: (fields, message) => void JSON.stringify([fields, message]),
  error: (fields, message) => void JSON.stringify([fields, message]),
  child: () => writtenLog,
};

async function start(): Promise<TestCluster> {
  const options = { actors: [Box, Sick, Dying], silos: 2, logger: writtenLog };
  const cluster = await TestCluster.start(options);
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

/** What came of a call, as text that shows prototypes, holes, -0 and hidden fields of errors. */
async function outcomeOf(cluster: TestCluster, call: Promise<unknown>): Promise<string> {
  const shown = await cluster.run(call).then(
    (value) => ({ kind: "value", value: shownAs(value) }),
    (error: unknown) => ({ kind: "error", value: shownAs(error) }),
  );
  return JSON.stringify(shown);
}

function shownAs(value: unknown): string {
  const facts =
    value instanceof Error ? [value.name, messageOf(value), value.constructor.name] : [];
  const text = inspect(value, { depth: 10, sorted: true, compact: true });
  // Stacks show both sides of a call, which are not the same everywhere.
  return `${facts.join("|")} ${text.replaceAll(/\n? +at [^\n]*|\n? +-- called from --/g, "")}`;
}

/** The outcomes of the same call from within its silo, from another one and from a client. */
async function everywhere(
  cluster: TestCluster,
  call: (box: {
    readonly [method: string]: ((...args: unknown[]) => Promise<unknown>) | undefined;
  }) => Promise<unknown> | undefined,
): Promise<string[]> {
  const outcomes: string[] = [];
  for (const from of [...cluster.silos.map(({ silo }) => silo), cluster.client]) {
    const box = from.actor("Box", "one");
    outcomes.push(await outcomeOf(cluster, call(box) ?? Promise.resolve()));
  }
  return outcomes;
}

const RUNS = { numRuns: 200, seed: 20_261_126, endOnFailure: true } as const;

function property(check: (value: () => unknown, cluster: TestCluster) => Promise<void>) {
  return async (): Promise<void> => {
    const cluster = await start();
    const run = fc.asyncProperty(anyHostileValue, async (value) => {
      make = value;
      await check(value, cluster);
    });
    await fc.assert(run, RUNS);
    make = () => "well";
    expect(await cluster.run(cluster.actor(Box, "bystander").produce())).toBe("well");
  };
}

describe("whatever a user", () => {
  it(
    "passes arrives as the same from everywhere, or is refused everywhere",
    property(async (value, cluster) => {
      const [local, ...others] = await everywhere(cluster, (box) => box.echo?.(value()));
      for (const other of others) expect(other).toBe(local);
    }),
  );

  it(
    "returns arrives as the same everywhere",
    property(async (_, cluster) => {
      const [local, ...others] = await everywhere(cluster, (box) => box.produce?.());
      for (const other of others) expect(other).toBe(local);
    }),
  );

  it(
    "throws is a failed turn with the same error everywhere, and nothing is stored",
    property(async (_, cluster) => {
      for (const method of ["fail", "failAtOnce"]) {
        const [local, ...others] = await everywhere(cluster, (box) => box[method]?.());
        expect(local).toContain('"kind":"error"');
        for (const other of others) expect(other).toBe(local);
      }
      await cluster.run(cluster.actor(Box, "one").failUnheard());
    }),
  );

  it(
    "keeps is stored and read again as the same, or refused before it is acknowledged",
    property(async (_, cluster) => {
      const box = cluster.actor(Box, "keeper");
      const kept = await outcomeOf(cluster, box.keep());
      const before = await outcomeOf(cluster, box.look());
      await cluster.run(box.leave());
      await cluster.advance(10);
      expect(await outcomeOf(cluster, box.look())).toBe(before);
      if (kept.includes('"kind":"error"')) expect(kept).toMatch(/NOT_SERIALIZABLE/);
      else expect(before).toBe(await outcomeOf(cluster, cluster.actor(Box, "one").produce()));
    }),
  );

  it(
    "throws from a hook, a reminder, a durable send or a log line harms nobody else",
    property(async (_, cluster) => {
      expect(await outcomeOf(cluster, cluster.actor(Sick, "s").ping())).toContain(
        "ACTIVATION_FAILED",
      );
      await cluster.run(cluster.actor(Dying, "d").leave());
      await outcomeOf(cluster, cluster.actor(Box, "r").remind());
      await cluster.run(cluster.actor(Box, "a").sendTo("b"));
      await outcomeOf(cluster, cluster.actor(Box, "a").sendValue("c"));
      expect(await cluster.run(cluster.actor(Box, "l").logIt())).toBe("logged");
      await cluster.advance(70_000);
    }),
  );
});
