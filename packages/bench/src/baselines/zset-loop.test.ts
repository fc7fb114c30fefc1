import { sleep, systemClock } from "@troupe/core";
import { startRedis } from "@troupe/services";
import { expect, it } from "vitest";
import { ZsetLoop } from "./zset-loop.ts";

it("calls back for each that is due, once, and not for what is not", async () => {
  const redis = await startRedis({ faults: true });
  const due: string[] = [];
  const loop = new ZsetLoop(redis.url, systemClock, (name) => due.push(name));
  const now = systemClock.now();
  const names = Array.from({ length: 500 }, (_, index) => `due-${index}`);
  await Promise.all([
    loop.set("later", now + 600_000),
    ...names.map((name) => loop.set(name, now)),
  ]);
  while (due.length < names.length) await sleep(systemClock, 5);
  await loop.close();
  expect(due.toSorted()).toEqual(names.toSorted());
  await redis.stop();
});
