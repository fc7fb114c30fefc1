import {
  Actor,
  actor,
  type CallFilters,
  oneWay,
  reminder,
  type ReminderTick,
  state,
  timer,
} from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

type Headers = Readonly<Record<string, string>>;

const context = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "vendor=1",
  baggage: "user=u",
};

/** With which headers turns ran, by what they were. Tests run one at a time. */
let seen = new Map<string, Headers>();

@actor("Stage", { statelessWorker: { perSilo: 2 } })
class Stage extends Actor {
  async look(): Promise<Headers> {
    return { ...this.context.headers };
  }
}

@actor("Hop")
class Hop extends Actor {
  @state() accessor count = 0;

  async look(): Promise<Headers> {
    return { ...this.context.headers };
  }

  async lookThrough(ids: string[], headers?: Headers): Promise<Headers> {
    const [id = "", ...rest] = ids;
    const next = this.actor(Hop, id, headers === undefined ? undefined : { headers });
    return rest.length === 0 ? await next.look() : await next.lookThrough(rest);
  }

  async lookAtWorker(): Promise<Headers> {
    return await this.worker(Stage).look();
  }

  async *items(): AsyncGenerator<Headers> {
    yield { ...this.context.headers };
    yield await this.actor(Hop, "beyond the stream").look();
  }

  async readItems(id: string): Promise<Headers[]> {
    const items: Headers[] = [];
    for await (const item of this.actor(Hop, id).items()) items.push(item);
    return items;
  }

  @oneWay() async note(what: string): Promise<void> {
    seen.set(what, { ...this.context.headers });
  }

  async noteThrough(id: string): Promise<void> {
    await this.actor(Hop, id).note("one-way");
  }

  async sendTo(id: string, times: number): Promise<void> {
    this.count++;
    if (times === 0) seen.set("send", { ...this.context.headers });
    else this.send(Hop, id).sendTo(id, times - 1);
  }

  async schedule(): Promise<void> {
    await this.reminders.set("later", { in: "1s" });
    await this.timers.set("soon", { in: "1s" });
  }

  @reminder("later")
  async onLater(_tick: ReminderTick): Promise<void> {
    seen.set("reminder", { ...this.context.headers });
    seen.set("call of a reminder", await this.actor(Hop, "called").look());
  }

  @timer("soon")
  async onSoon(): Promise<void> {
    seen.set("timer", { ...this.context.headers });
  }
}

async function start(filters: CallFilters = {}, silos = 2): Promise<TestCluster> {
  seen = new Map();
  const cluster = await TestCluster.start({ actors: [Hop, Stage], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  // oxlint-disable-next-line no-await-in-loop -- one after the other.
  for (let index = 0; index < silos; index++) await cluster.startSilo({ filters });
  return cluster;
}

describe("trace context", () => {
  it("flows along a chain of calls, and other headers go as far as they were sent", async () => {
    const cluster = await start();
    const headers = { ...context, tenant: "t" };
    const first = cluster.actor(Hop, "first", { headers });
    expect(await cluster.run(first.look())).toEqual(headers);
    expect(await cluster.run(first.lookThrough(["a", "b", "c", "d"]))).toEqual(context);
    expect(await cluster.run(first.lookThrough(["a"], { user: "v" }))).toEqual({
      ...context,
      user: "v",
    });
    expect(await cluster.run(cluster.actor(Hop, "first").lookThrough(["a"]))).toEqual({});
  });

  it("flows to stateless workers, one-way calls and streams, and from those on", async () => {
    const cluster = await start();
    const first = cluster.actor(Hop, "first", { headers: { ...context, tenant: "t" } });
    expect(await cluster.run(first.lookAtWorker())).toEqual(context);
    expect(await cluster.run(first.readItems("streams"))).toEqual([context, context]);
    await cluster.run(first.noteThrough("noted"));
    await cluster.waitUntil(() => seen.has("one-way"));
    expect(seen.get("one-way")).toEqual(context);
  });

  it("is stored with durable sends, so it arrives from another silo as well", async () => {
    const cluster = await start();
    const first = cluster.actor(Hop, "first", { headers: { ...context, tenant: "t" } });
    await cluster.run(first.sendTo("second", 2));
    for (const silo of cluster.silos.slice()) silo.kill();
    await cluster.startSilo();
    await cluster.waitUntil(() => seen.has("send"), 60_000);
    expect(seen.get("send")).toEqual(context);
  });

  it("begins anew with a reminder and with a timer", async () => {
    const cluster = await start();
    await cluster.run(cluster.actor(Hop, "first", { headers: context }).schedule());
    await cluster.waitUntil(() => seen.size === 3, 60_000);
    expect([...seen.values()]).toEqual([{}, {}, {}]);
  });

  it("that is broken or too long is left out, and is no error", async () => {
    const cluster = await start();
    const headers = { traceparent: "00-x", baggage: "x".repeat(8_193), tenant: "t" };
    const first = cluster.actor(Hop, "first", { headers });
    expect(await cluster.run(first.look())).toEqual({ tenant: "t" });
    expect(await cluster.run(first.lookThrough(["a"], { ...headers, tenant: "v" }))).toEqual({
      tenant: "v",
    });
  });

  it("can be replaced and taken out by a filter of outgoing calls", async () => {
    const traceparent = `00-0af7651916cd43dd8448eb211c80319c-${"1".repeat(16)}-01`;
    const cluster = await start({
      outgoing: [
        async (call, next) => {
          expect(call.headers).toEqual(context);
          call.headers.traceparent = traceparent;
          delete call.headers.baggage;
          return await next();
        },
      ],
    });
    const first = cluster.actor(Hop, "first", { headers: context });
    const { tracestate } = context;
    expect(await cluster.run(first.lookThrough(["a"]))).toEqual({ traceparent, tracestate });
    expect(await cluster.run(first.lookAtWorker())).toEqual({ traceparent, tracestate });
  });
});
