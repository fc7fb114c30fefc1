import { sleep } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { expect, it } from "vitest";
import { WriteGate } from "./write-gate.ts";

function openGate() {
  const clock = new VirtualClock();
  return {
    clock,
    gate: new WriteGate({
      clock,
      what: "the folder x",
      code: "STORE_UNAVAILABLE",
      timeoutMs: 5_000,
    }),
  };
}

it("passes on what a write gives", async () => {
  const { gate } = openGate();
  expect(await gate.run(async () => 7)).toBe(7);
});

it("gives up a write that takes too long, refuses others at once, and takes writes again when it has ended", async () => {
  const { clock, gate } = openGate();
  const blocked = Promise.withResolvers<string>();
  const first = gate.run(() => blocked.promise);
  const failed = expect(first).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", ran: "maybe" });
  await clock.advance(5_000);
  await failed;
  await expect(gate.run(async () => 1)).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    ran: "no",
  });
  blocked.resolve("late");
  await clock.advance(1);
  expect(await gate.run(async () => 2)).toBe(2);
});

it("gives each write its own time", async () => {
  const { clock, gate } = openGate();
  const settled: string[] = [];
  const note = (name: string) => () => void settled.push(name);
  const never = new Promise<void>(() => undefined);
  void gate.run(() => sleep(clock, 4_000)).then(note("quick"), note("quick failed"));
  await clock.advance(3_000);
  void gate.run(() => never).then(note("slow"), note("slow failed"));
  await clock.advance(4_999);
  expect(settled).toEqual(["quick"]);
  await clock.advance(1);
  expect(settled).toEqual(["quick", "slow failed"]);
});

it("says why lmdb's commit failed, and takes a write that throws for one that failed", async () => {
  const { gate } = openGate();
  const commitError = Promise.reject(new Error("No space left on device"));
  const failed = gate.run(() =>
    Promise.reject(Object.assign(new Error("Commit failed"), { commitError })),
  );
  await expect(failed).rejects.toThrow(
    "[STORE_UNAVAILABLE] cannot write to the folder x: No space left on device",
  );
  const thrown = gate.run((): Promise<void> => {
    throw new Error("the key is too long");
  });
  await expect(thrown).rejects.toThrow("the key is too long");
});

it("is idle when nothing is under way but what was given up", async () => {
  const { clock, gate } = openGate();
  await gate.idle();
  let idle = false;
  void gate.run(() => new Promise(() => undefined)).catch(() => undefined);
  void gate.idle().then(() => (idle = true));
  await clock.advance(4_999);
  expect(idle).toBe(false);
  await clock.advance(1);
  expect(idle).toBe(true);
});
