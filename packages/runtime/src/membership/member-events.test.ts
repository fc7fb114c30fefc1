import type { Logger, Member, MemberState, View } from "@troupe/core";
import { expect, it } from "vitest";
import { logMemberEvents } from "./member-events.ts";

function viewOf(states: Readonly<Record<string, MemberState>>): View {
  const members = Object.entries(states).map(([siloId, state]): Member => {
    return { siloId, address: `${siloId}:1`, state, types: {}, version: "1", labels: {} };
  });
  return { revision: 1, members };
}

/** What silo `self` says, shortly. */
function eventsOf(before: View, after: View): string[] {
  const said: string[] = [];
  const note = (facts: object): void => {
    const { event, peer, state = "" } = facts as { event: string; peer: string; state?: string };
    said.push(`${event} ${peer} ${state}`.trim());
  };
  const logger = { info: note } as unknown as Logger;
  logMemberEvents(logger, "self", { before, after });
  return said;
}

it("says once of each other silo that it is active, and that it has gone", () => {
  const views = [
    viewOf({ self: "active", a: "joining", b: "active" }),
    viewOf({ self: "active", a: "active", b: "active" }),
    viewOf({ self: "active", a: "draining", b: "active" }),
    viewOf({ self: "active" }),
  ];
  const said = views.slice(1).map((after, index) => eventsOf(views[index] ?? after, after));
  expect(said).toEqual([["silo_joined a"], [], ["silo_left a draining", "silo_left b active"]]);
});

it("says nothing of itself", () => {
  expect(eventsOf(viewOf({ self: "joining" }), viewOf({ self: "active" }))).toEqual([]);
  expect(eventsOf(viewOf({ self: "active" }), viewOf({}))).toEqual([]);
});
