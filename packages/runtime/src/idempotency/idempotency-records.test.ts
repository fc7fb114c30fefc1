import { packField } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { expect, it } from "vitest";
import { looseHost } from "../testing/loose-host.ts";
import { IdempotencyRecords } from "./idempotency-records.ts";

const MAX = 1_000;

it("forgets the oldest records first, in whatever order the store gave them", async () => {
  const clock = new VirtualClock();
  const before = new IdempotencyRecords(looseHost({ clock }));
  for (let at = 1; at <= MAX; at++) {
    before.put(`k${at}`, { value: at, revive: false, size: 8 });
    await clock.advance(1);
  }
  const stored = before.collect().map(({ field, after }) => [field, packField(after)] as const);
  const records = new IdempotencyRecords(looseHost({ clock }));
  records.load(new Map(stored.toReversed()));
  records.put("new", { value: 0, revive: false, size: 8 });
  expect(records.find("k1")).toBeUndefined();
  expect(records.find("k2")?.value).toBe(2);
  expect(records.find(`k${MAX}`)?.value).toBe(MAX);
});
