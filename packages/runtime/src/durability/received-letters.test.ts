import { expect, it } from "vitest";
import { ReceivedLetters } from "./received-letters.ts";

const SENDERS_MAX = 10_000;

it("has room for another sender when one of those that it remembers may be forgotten", () => {
  const received = new ReceivedLetters({ isDirty: false });
  for (let sender = 0; sender < SENDERS_MAX; sender++) received.put(`User/${sender}`, 1, 0);
  received.settle("User/7", 1);
  expect(received.hasRoomFor("User/new", 60_000)).toBe(false);
  expect(received.hasRoomFor("User/8", 60_000)).toBe(true);
  expect(received.hasRoomFor("User/new", 3_600_000)).toBe(true);
  received.put("User/new", 1, 3_600_000);
  expect(received.has("User/7", 1)).toBe(false);
  expect(received.hasRoomFor("User/newer", 3_600_000)).toBe(false);
});
