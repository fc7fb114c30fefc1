import { type Logger, silentLogger } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { expect, it } from "vitest";
import { RefusedClaims } from "./refused-claims.ts";

const ADDRESS = { type: "Account", id: "a" };

function setUp(): { clock: VirtualClock; refused: RefusedClaims; events: unknown[] } {
  const clock = new VirtualClock();
  const events: unknown[] = [];
  const logger: Logger = { ...silentLogger, warn: (facts) => events.push(facts) };
  return { clock, refused: new RefusedClaims(clock, logger), events };
}

it("warns once a minute of claims that are refused for a view that never comes", async () => {
  const { clock, refused, events } = setUp();
  for (let second = 0; second < 65; second++) {
    refused.note(ADDRESS, { own: 5, stored: 900 });
    await clock.advance(1_000);
  }
  expect(events).toMatchObject([{ event: "claims_refused", view: 5, claimedIn: 900 }]);
  await clock.advance(10_000);
  refused.note(ADDRESS, { own: 5, stored: 900 });
  expect(events.length).toBe(2);
});

it("says nothing while views come late, or another silo of the same view has the actor", async () => {
  const { clock, refused, events } = setUp();
  for (let view = 0; view < 30; view++) {
    refused.note(ADDRESS, { own: view, stored: view + 1 });
    refused.note(ADDRESS, { own: view, stored: view });
    await clock.advance(1_000);
  }
  expect(events).toEqual([]);
});
