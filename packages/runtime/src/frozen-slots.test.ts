import { TroupeError } from "@troupe/core";
import { Actor, actor, readonly, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it } from "vitest";

interface Line {
  readonly text: string;
  readonly tags: readonly string[];
}

@actor("Log", { idleAfter: "1m" })
class Log extends Actor {
  @state({ frozen: true }) accessor lines: readonly Line[] = [{ text: "first", tags: [] }];
  @state({ frozen: true }) accessor extra: unknown = undefined;

  async add(text: string): Promise<number> {
    this.lines = [...this.lines, { text, tags: ["new"] }];
    return this.lines.length;
  }

  async addAndThrow(text: string): Promise<void> {
    await this.add(text);
    throw new RangeError("no");
  }

  async cheat(): Promise<void> {
    (this.lines as Line[]).push({ text: "cheat", tags: [] });
  }

  async cheatWithin(): Promise<void> {
    for (const { tags } of this.lines) (tags as string[]).push("cheat");
  }

  async set(kind: string): Promise<void> {
    const given: Readonly<Record<string, () => unknown>> = {
      map: () => ({ at: [new Map()] }),
      date: () => new Date(0),
      accessor: () => ({
        get now() {
          return 1;
        },
      }),
      loop: () => {
        const loop: { self?: unknown } = {};
        loop.self = loop;
        return loop;
      },
      reference: () => ({ to: this.actor(Log, "other") }),
    };
    this.extra = given[kind]?.();
  }

  @readonly() async read(): Promise<readonly string[]> {
    return this.lines.map(({ text }) => text);
  }
}

async function started(): Promise<TestCluster> {
  return TestCluster.start({ actors: [Log] });
}

describe("a frozen slot", () => {
  it("changes by assigning another value, which is there after the actor has moved", async () => {
    await using cluster = await started();
    const log = cluster.actor(Log, "a");
    expect(await cluster.run(log.add("second"))).toBe(2);
    await cluster.advance(5 * 60_000);
    expect(await cluster.run(log.add("third"))).toBe(3);
    expect(await cluster.run(log.read())).toEqual(["first", "second", "third"]);
  });

  it("goes back with a turn that throws, and is frozen again", async () => {
    await using cluster = await started();
    const log = cluster.actor(Log, "a");
    await expect(cluster.run(log.addAndThrow("second"))).rejects.toThrow(RangeError);
    expect(await cluster.run(log.read())).toEqual(["first"]);
    await expect(cluster.run(log.cheat())).rejects.toThrow(TypeError);
  });

  it("cannot be changed from within: as a first value, a new one, and one that was loaded", async () => {
    await using cluster = await started();
    const log = cluster.actor(Log, "a");
    await expect(cluster.run(log.cheat())).rejects.toThrow(TypeError);
    await cluster.run(log.add("second"));
    await expect(cluster.run(log.cheatWithin())).rejects.toThrow(TypeError);
    await cluster.advance(5 * 60_000);
    await expect(cluster.run(log.cheatWithin())).rejects.toThrow(TypeError);
    expect(await cluster.run(log.read())).toEqual(["first", "second"]);
  });

  it.each([
    ["map", "state.extra.at[0] is a Map, which can change though it is frozen"],
    ["date", "state.extra is a Date, which can change though it is frozen"],
    ["accessor", "state.extra.now is an accessor, which may give another value each time"],
  ])("refuses what stays changeable, such as a %s", async (kind, message) => {
    await using cluster = await started();
    const failed = await cluster
      .run(cluster.actor(Log, "a").set(kind))
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(TroupeError);
    expect(failed).toMatchObject({ code: "NOT_SERIALIZABLE" });
    expect(String(failed)).toContain(message);
  });

  it("may hold references to actors, and itself", async () => {
    await using cluster = await started();
    const log = cluster.actor(Log, "a");
    await cluster.run(log.set("reference"));
    await cluster.run(log.set("loop"));
  });
});
