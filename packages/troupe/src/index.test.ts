import { expect, it } from "vitest";
import * as troupe from "./index.ts";

it("exports what the documentation promises, and nothing that only Troupe itself may use", () => {
  expect(Object.keys(troupe).toSorted()).toEqual([
    "Actor",
    "ERROR_CODES",
    "Feed",
    "TroupeError",
    "actor",
    "connect",
    "defineActor",
    "defineBehaviour",
    "defineError",
    "defineSubscriptions",
    "error",
    "idempotent",
    "interleave",
    "internal",
    "oneWay",
    "parseDuration",
    "readonly",
    "reminder",
    "settingsFromEnvironment",
    "silentLogger",
    "startSilo",
    "state",
    "stream",
    "subscribe",
    "subscriptionHandlers",
    "timer",
    "to",
    "topic",
    "topics",
    "topicsOf",
  ]);
});
