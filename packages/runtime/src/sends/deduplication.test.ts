import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { looseHost } from "../testing/loose-host.ts";
import { Deduplication } from "./deduplication.ts";

const DOUBT_MS = 600_000;

interface Question {
  readonly sender: string;
  readonly seq: number;
}

function setUp(answer: (sender: string) => boolean = () => true): {
  readonly clock: VirtualClock;
  readonly received: Deduplication;
  readonly asked: Question[];
} {
  const clock = new VirtualClock();
  const asked: Question[] = [];
  const received = new Deduplication(looseHost({ clock }), async (sender, _, seq) => {
    asked.push({ sender, seq });
    return answer(sender);
  });
  return { clock, received, asked };
}

/** The names of the senders that the next commit stores or removes. */
function commit(received: Deduplication): { stored: string[]; removed: string[] } {
  const changes = received.collect();
  received.adopt();
  const names = (isStored: boolean): string[] =>
    changes
      .filter(({ after }) => (after !== undefined) === isStored)
      .map(({ field }) => field.slice(2));
  return { stored: names(true), removed: names(false) };
}

describe("what an actor remembers of durable sends", () => {
  it("takes a number that is not higher for a repetition", () => {
    const { received } = setUp();
    received.put("User/a", 5);
    expect(received.has("User/a", 5)).toBe(true);
    expect(received.has("User/a", 4)).toBe(true);
    expect(received.has("User/a", 6)).toBe(false);
    expect(received.has("User/b", 1)).toBe(false);
  });

  it("forgets a sender of which no copy can be under way with the next commit", () => {
    const { received } = setUp();
    received.put("User/a", 1);
    expect(commit(received)).toEqual({ stored: ["User/a"], removed: [] });
    received.settle("User/a", 1, true);
    expect(received.collect()).toEqual([]);
    received.put("User/b", 1);
    expect(commit(received)).toEqual({ stored: ["User/b"], removed: ["User/a"] });
  });

  it("keeps a sender of which a copy may be under way for as long as it may", async () => {
    const { clock, received } = setUp();
    received.put("User/a", 1);
    received.settle("User/a", 1, false);
    await clock.advance(DOUBT_MS - 1);
    received.put("User/b", 1);
    expect(received.has("User/a", 1)).toBe(true);
    await clock.advance(1);
    received.put("User/b", 2);
    expect(received.has("User/a", 1)).toBe(false);
  });

  it("remembers a sender that has sent more since", () => {
    const { received } = setUp();
    received.put("User/a", 1);
    received.settle("User/a", 1, true);
    received.put("User/a", 2);
    received.settle("User/a", 1, true);
    received.put("User/b", 1);
    expect(received.has("User/a", 2)).toBe(true);
  });

  it("forgets nobody by a turn that is rolled back", () => {
    const { received } = setUp();
    received.put("User/a", 1);
    commit(received);
    received.settle("User/a", 1, true);
    received.put("User/b", 1);
    received.rollback();
    expect(received.has("User/a", 1)).toBe(true);
    received.put("User/c", 1);
    expect(commit(received)).toEqual({ stored: ["User/c"], removed: ["User/a"] });
  });

  it("takes sends of any number of senders, one after the other", () => {
    const { received } = setUp();
    for (let sender = 0; sender < 20_000; sender++) {
      const name = `User/${sender}`;
      expect(received.hasRoomFor(name)).toBe(true);
      received.put(name, 1);
      commit(received);
      received.settle(name, 1, true);
    }
    received.put("User/last", 1);
    const { removed } = commit(received);
    expect(removed).toEqual(["User/19999"]);
  });

  it("asks the oldest senders that never said that they are done", async () => {
    const { clock, received, asked } = setUp((sender) => sender !== "User/1");
    for (let sender = 0; sender < 1_000; sender++) received.put(`User/${sender}`, 7);
    await clock.advance(DOUBT_MS);
    expect(asked).toEqual([]);
    received.put("User/new", 1);
    expect(asked.map(({ sender }) => sender)).toEqual(["User/0", "User/1", "User/2", "User/3"]);
    await clock.advance(1);
    received.put("User/newer", 1);
    expect(received.has("User/0", 7)).toBe(false);
    expect(received.has("User/1", 7)).toBe(true);
  });
});
