import { Actor, actor, interleave, reminder, type ReminderTick, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

/** The attempts of the ticks of a test, and when they began. Tests run one at a time. */
let ticks: { readonly attempt: number; readonly at: number }[] = [];
/** How many of them throw. */
let throwing = 0;
/** What turns of a test wait for. */
let opened = Promise.withResolvers<void>();

@actor("Bell")
class Bell extends Actor {
  @state() accessor rung = 0;

  async set(at: number): Promise<void> {
    await this.reminders.set("ring", { at });
  }

  async cancel(): Promise<boolean> {
    return await this.reminders.delete("ring");
  }

  @interleave() async watch(): Promise<void> {
    await opened.promise;
  }

  @interleave() async setAndWait(at: number): Promise<void> {
    await this.reminders.set("ring", { at });
    await opened.promise;
  }

  @reminder("ring") async ring({ attempt, firedAt }: ReminderTick): Promise<void> {
    ticks.push({ attempt, at: firedAt });
    this.rung++;
    if (ticks.length <= throwing) throw new RangeError("on purpose");
  }
}

async function start(silos: number): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Bell], silos });
  ticks = [];
  throwing = 0;
  opened = Promise.withResolvers();
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

describe("a reminder", () => {
  it("is tried again when its handler throws beside an interleaving turn", async () => {
    const cluster = await start(1);
    const bell = cluster.actor(Bell, "a");
    throwing = 1;
    await cluster.run(bell.set(cluster.clock.now() + 10_000));
    const watching = bell.watch();
    await cluster.advance(15_000);
    opened.resolve();
    await cluster.run(watching);
    await cluster.advance(30_000);
    expect(ticks.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it("ticks though it came due while a turn that set it anew had not ended, and its silo died before that turn did", async () => {
    const cluster = await start(1);
    const bell = cluster.actor(Bell, "a");
    const at = cluster.clock.now() + 10_000;
    await cluster.run(bell.set(at));
    const setting = bell.setAndWait(at + 3_600_000).catch((error: unknown) => error);
    await cluster.advance(15_000);
    cluster.silos[0]?.kill();
    await cluster.run(setting);
    await cluster.startSilo();
    await cluster.advance(60_000);
    expect(ticks).toHaveLength(1);
  });

  it("that was deleted on a silo that drains, and set anew on the next one, ticks though the index is slow", async () => {
    const cluster = await start(2);
    const bell = cluster.actor(Bell, "a");
    const at = cluster.clock.now() + 3_600_000;
    await cluster.run(bell.set(at));
    const owner = cluster.silos.find(({ silo }) => silo.snapshot().activations === 1);
    if (owner === undefined) throw new Error("no silo has the actor");
    const { reminderStore } = owner.stores;
    const remove = reminderStore.remove.bind(reminderStore);
    reminderStore.remove = async (entries) => {
      await opened.promise;
      await remove(entries);
    };
    await cluster.run(bell.cancel());
    const stopped = owner.silo.stop();
    await cluster.advance(100);
    const again = bell.set(at);
    await cluster.advance(500);
    opened.resolve();
    await cluster.run(Promise.all([again, stopped]));
    cluster.silos.splice(cluster.silos.indexOf(owner), 1);
    await cluster.advance(3_600_000);
    expect(ticks).toEqual([{ attempt: 1, at }]);
  });

  it("that was deleted on a silo that is lost, and set anew on the next one, ticks though the first one goes on", async () => {
    const cluster = await start(2);
    const bell = cluster.actor(Bell, "a");
    const at = cluster.clock.now() + 3_600_000;
    await cluster.run(bell.set(at));
    const owner = cluster.silos.find(({ silo }) => silo.snapshot().activations === 1);
    if (owner === undefined) throw new Error("no silo has the actor");
    const { stateStore } = owner.stores;
    const commit = stateStore.commit.bind(stateStore);
    stateStore.commit = async (...change) => {
      const result = await commit(...change);
      await opened.promise;
      return result;
    };
    const cancelled = bell.cancel().catch((error: unknown) => error);
    await cluster.advance(10);
    owner.membership.cutOff();
    await cluster.run(cancelled);
    await cluster.run(bell.set(at));
    opened.resolve();
    await cluster.advance(10);
    owner.membership.reconnect();
    await cluster.advance(3_600_000);
    expect(ticks).toEqual([{ attempt: 1, at }]);
  });
});
