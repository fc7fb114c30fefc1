import { TestCluster } from "@troupe/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type News, Room, RoomFull } from "./room.ts";
import { HISTORY_MAX, READERS_MAX } from "./room-rules.ts";

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await TestCluster.start({ actors: [Room], silos: 2 });
});
afterEach(() => cluster[Symbol.asyncDispose]());

type Stream = AsyncIterator<News>;

function follow(name: string, after?: number, room = "lobby"): Stream {
  const resume = (last?: News): readonly unknown[] => argumentsOf(name, last?.number ?? after);
  const events = cluster.actor(Room, room, { resume }).follow(...argumentsOf(name, after));
  return events[Symbol.asyncIterator]();
}

function argumentsOf(name: string, after: number | undefined): [string, number?] {
  return after === undefined ? [name] : [name, after];
}

async function next(stream: Stream): Promise<News | undefined> {
  const { value, done } = await cluster.run(stream.next());
  return done === true ? undefined : value;
}

/** The next item that is not about who is there. */
async function nextSaid(stream: Stream): Promise<News | undefined> {
  for (;;) {
    const news = await next(stream);
    if (news?.kind !== "present") return news;
  }
}

/** Reads until the room is told to have these people. */
async function untilPresent(stream: Stream, ...names: string[]): Promise<void> {
  for (;;) {
    const news = await next(stream);
    if (news?.kind === "present" && news.names.join() === names.join()) return;
  }
}

async function say(text: string, name = "Ada"): Promise<number> {
  const idempotencyKey = `${name}-${text}`;
  return cluster.run(cluster.actor(Room, "lobby", { idempotencyKey }).say(name, text));
}

async function leave(stream: Stream): Promise<void> {
  await cluster.run(Promise.resolve(stream.return?.()));
}

describe("a room", () => {
  it("numbers its lines, and gives a reader those that it has kept and then those to come", async () => {
    expect([await say("one"), await say("two")]).toEqual([1, 2]);
    const reader = follow("Grace");
    expect(await nextSaid(reader)).toMatchObject({ kind: "line", number: 1, text: "one" });
    expect(await nextSaid(reader)).toMatchObject({ number: 2, name: "Ada", text: "two" });
    await say("  three  ", "Edsger");
    expect(await nextSaid(reader)).toMatchObject({ number: 3, name: "Edsger", text: "three" });
  });

  it("goes on behind the line that a reader has", async () => {
    for (const text of ["one", "two", "three"]) await say(text);
    expect(await nextSaid(follow("Grace", 2))).toMatchObject({ number: 3 });
  });

  it("keeps so many lines and no more, and tells a reader of those that it has missed", async () => {
    for (let line = 1; line <= HISTORY_MAX + 5; line++) await say(`line ${line}`);
    expect(await cluster.run(cluster.actor(Room, "lobby").read())).toHaveLength(HISTORY_MAX);
    const late = follow("Grace", 2);
    expect(await nextSaid(late)).toEqual({ kind: "missed", number: 5, count: 3 });
    expect(await nextSaid(late)).toMatchObject({ kind: "line", number: 6 });
    expect(await nextSaid(follow("Edsger"))).toMatchObject({ kind: "line", number: 6 });
  });

  it("tells a reader who has every line of nothing that is missed", async () => {
    for (let line = 1; line <= HISTORY_MAX + 5; line++) await say(`line ${line}`);
    const reader = follow("Grace", HISTORY_MAX + 5);
    await untilPresent(reader, "Grace");
    await say("more");
    expect(await nextSaid(reader)).toMatchObject({ kind: "line", number: HISTORY_MAX + 6 });
  });

  it("tells everybody who is there, each name once, until the last stream of a name ends", async () => {
    const grace = follow("Grace");
    expect(await next(grace)).toEqual({ kind: "present", number: 0, names: ["Grace"] });
    const [one, other] = [follow("Ada"), follow("Ada")];
    await untilPresent(one, "Ada", "Grace");
    await untilPresent(other, "Ada", "Grace");
    await untilPresent(grace, "Ada", "Grace");
    await leave(one);
    await say("somebody is still here");
    expect(await nextSaid(grace)).toMatchObject({ kind: "line" });
    await leave(other);
    await untilPresent(grace, "Grace");
  });

  it("keeps its lines and its readers when its silo is killed, and loses and doubles nothing", async () => {
    const readers = [follow("Ada"), follow("Grace")];
    for (const reader of readers) await next(reader);
    for (let line = 1; line <= 20; line++) {
      await say(`line ${line}`);
      if (line === 7) cluster.silos[0]?.kill();
      if (line === 14) {
        await cluster.startSilo();
        cluster.silos[0]?.kill();
      }
    }
    for (const reader of readers)
      for (let line = 1; line <= 20; line++)
        expect(await nextSaid(reader)).toMatchObject({ number: line, text: `line ${line}` });
    await cluster.advance(2_000);
    const late = follow("Radia");
    await untilPresent(late, "Ada", "Grace", "Radia");
  });

  it("ends the stream of a reader who is too slow, who can go on behind the last line read", async () => {
    const slow = follow("Grace");
    await next(slow);
    const count = 2 * HISTORY_MAX;
    for (let line = 1; line <= count; line++) await say(`line ${line}`);
    let last = 0;
    const readAll = async (): Promise<void> => {
      for (;;) last = (await nextSaid(slow))?.number ?? count;
    };
    await expect(readAll()).rejects.toMatchObject({ code: "LAGGED" });
    expect(last).toBeGreaterThan(0);
    const again = follow("Grace", last);
    const first = await nextSaid(again);
    if (first?.kind === "missed") expect(first.count).toBe(count - HISTORY_MAX - last);
    else expect(first?.number).toBe(last + 1);
  });

  it("adds a line once that is said again under the same key", async () => {
    const room = cluster.actor(Room, "lobby", { idempotencyKey: "a-key-of-its-own" });
    const numbers = [
      await cluster.run(room.say("Ada", "once")),
      await cluster.run(room.say("Ada", "once")),
    ];
    expect(numbers).toEqual([1, 1]);
    expect(await cluster.run(cluster.actor(Room, "lobby").read())).toHaveLength(1);
  });

  it("takes no more readers than it has places", async () => {
    const readers = Array.from({ length: READERS_MAX }, (_, index) => follow(`Reader ${index}`));
    for (const reader of readers) await next(reader);
    await expect(next(follow("one more"))).rejects.toThrow(RoomFull);
    await leave(readers[0] ?? follow("nobody"));
    await cluster.advance(100);
    expect(await next(follow("one more"))).toMatchObject({ kind: "present" });
  });

  it("refuses names, lines and places that its rules do not allow", async () => {
    const room = cluster.actor(Room, "lobby");
    await expect(cluster.run(room.say("", "hello"))).rejects.toThrow("name is missing");
    await expect(cluster.run(room.say("Ada", " "))).rejects.toThrow("line is empty");
    await expect(cluster.run(cluster.actor(Room, "A b").say("Ada", "hello"))).rejects.toThrow(
      RangeError,
    );
    await expect(next(follow("Ada", -1))).rejects.toThrow("after is the number of a line");
    await expect(next(follow("<b>"))).rejects.toThrow(RangeError);
  });
});
