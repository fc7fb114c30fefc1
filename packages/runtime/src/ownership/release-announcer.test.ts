import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { ReleaseAnnouncer } from "./release-announcer.ts";

/**
 * An announcer of a silo that holds actors, and what it has told: how many it held at each time.
 */
class Desk {
  readonly clock = new VirtualClock();
  readonly told: number[] = [];
  hasRoom = true;
  held = 0;
  readonly announcer = new ReleaseAnnouncer({
    clock: this.clock,
    held: () => this.held,
    announce: () => {
      if (this.hasRoom) this.told.push(this.held);
      return this.hasRoom;
    },
  });

  letGo(): void {
    this.held--;
    this.announcer.announceSoon();
  }
}

describe("what a silo has let go of", () => {
  it("is told in two announcements, however much is let go of at once", async () => {
    const desk = new Desk();
    desk.held = 10_000;
    desk.announcer.announce();
    while (desk.held > 0) desk.letGo();
    await desk.clock.advance(10);
    expect(desk.told).toEqual([10_000, 0]);
    await desk.clock.advance(1_000);
    expect(desk.told).toEqual([10_000, 0]);
  });

  it("is told the less often the more is still held", async () => {
    const desk = new Desk();
    desk.held = 10_000;
    desk.announcer.announce();
    for (let turn = 0; turn < 100; turn++) {
      desk.letGo();
      await desk.clock.advance(10);
    }
    expect(desk.told.length).toBeGreaterThan(8);
    expect(desk.told.length).toBeLessThan(12);
  });

  it("is told at once after a quiet time", async () => {
    const desk = new Desk();
    desk.held = 1;
    desk.announcer.announce();
    await desk.clock.advance(1_000);
    desk.letGo();
    expect(desk.told).toEqual([1, 0]);
  });

  it("is told again when a link had no room for it", async () => {
    const desk = new Desk();
    desk.held = 1;
    desk.hasRoom = false;
    desk.letGo();
    await desk.clock.advance(1_000);
    desk.hasRoom = true;
    await desk.clock.advance(10);
    expect(desk.told).toEqual([0]);
  });
});
