import { Actor, actor, defineActor, reminder, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it } from "vitest";

@actor("Model", { placement: { labels: { gpu: "true" } } })
class Model extends Actor {
  async where(): Promise<string> {
    return this.context.callId;
  }
}

@actor("Room", { placement: { by: "prefix" } })
class Room extends Actor {
  async guests(count: number): Promise<number> {
    const names = Array.from({ length: count }, (_, index) => `${this.id}/guest-${index}`);
    await Promise.all(names.map((name) => this.actor(Guest, name).enter()));
    return count;
  }
}

@actor("Guest", { placement: { by: "prefix" } })
class Guest extends Actor {
  @state() accessor rung = 0;

  async enter(): Promise<void> {
    await this.reminders.set("ring", { in: "1m" });
  }

  async heard(): Promise<number> {
    return this.rung;
  }

  @reminder("ring") ring(): void {
    this.rung++;
  }
}

const GPU = { labels: { gpu: "true" } };

/** How many actors of a type each silo has. */
function countsOf(cluster: TestCluster, type: string): number[] {
  return cluster.silos.map(({ silo }) => silo.snapshot().activationsByType[type] ?? 0);
}

describe("a type that is placed by labels", () => {
  it("lives on the silos that have them", async () => {
    await using cluster = await TestCluster.start({ actors: [Model], silos: 2 });
    await cluster.startSilo(GPU);
    const calls = Array.from({ length: 20 }, (_, id) => cluster.actor(Model, `${id}`).where());
    await cluster.run(Promise.all(calls));
    expect(countsOf(cluster, "Model")).toEqual([0, 0, 20]);
  });

  it("says at once that no silo has them, and goes on when one joins", async () => {
    await using cluster = await TestCluster.start({ actors: [Model], silos: 1 });
    const refused: unknown = await cluster
      .actor(Model, "a")
      .where()
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "NO_SUITABLE_SILO",
      ran: "no",
      retryable: true,
      message: expect.stringContaining("has the labels gpu=true"),
    });
    await cluster.startSilo(GPU);
    await cluster.run(cluster.actor(Model, "a").where());
    expect(countsOf(cluster, "Model")).toEqual([0, 1]);
  });

  it("is not hosted by silos that place it otherwise", async () => {
    await using cluster = await TestCluster.start({ actors: [Model], silos: 1 });
    class Elsewhere extends Actor {
      async where(): Promise<string> {
        return "";
      }
    }
    defineActor(Elsewhere, { name: "Model", placement: { labels: { gpu: "false" } } });
    const failure: unknown = await cluster
      .startSilo({ actors: [Elsewhere] })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "BAD_DEFINITION" });
    expect(String(failure)).toContain("places Model otherwise");
  });
});

describe("types that are placed by a prefix", () => {
  it("have the actors with the same prefix on one silo, and their reminders fire", async () => {
    await using cluster = await TestCluster.start({ actors: [Room, Guest], silos: 3 });
    const rooms = Array.from({ length: 12 }, (_, room) => `room-${room}`);
    await cluster.run(Promise.all(rooms.map((room) => cluster.actor(Room, room).guests(3))));
    const perSilo = countsOf(cluster, "Room");
    expect(perSilo.filter((count) => count > 0).length).toBe(3);
    expect(countsOf(cluster, "Guest")).toEqual(perSilo.map((count) => 3 * count));

    await cluster.advance(61_000);
    const heard = rooms.map((room) => cluster.actor(Guest, `${room}/guest-1`).heard());
    expect(await cluster.run(Promise.all(heard))).toEqual(rooms.map(() => 1));
  });
});
