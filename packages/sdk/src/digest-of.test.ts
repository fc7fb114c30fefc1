import { describe, expect, it } from "vitest";
import { Actor, defineActor, definitionOf, digestOf, type DefineActorOptions } from "@troupe/sdk";

function digest(change: DefineActorOptions<Sample> = {}, actorClass = freshSample()): string {
  const options: DefineActorOptions<Sample> = {
    name: "Sample",
    state: ["one", "two"],
    reminders: { wake: "wake" },
    ...change,
  };
  return digestOf(definitionOf(defineActor(actorClass, options)));
}

class Sample extends Actor {
  one = 1;
  two = 2;
  read(): void {}
  write(): void {}
  wake(): void {}
}

function freshSample(): typeof Sample {
  return class extends Sample {};
}

describe("digestOf", () => {
  it("never changes for the same definition, since silos of two builds compare it", () => {
    expect(digest()).toBe("rA9SliYiONoKB7NN");
  });

  it("does not depend on the order of slots and methods, on handlers' names, or on what a silo may tune", () => {
    class Shuffled extends Actor {
      two = 2;
      one = 1;
      rise(): void {}
      write(): void {}
      read(): void {}
    }
    defineActor(Shuffled, {
      name: "Sample",
      state: ["two", "one"],
      reminders: { wake: "rise" },
      idleAfter: "1s",
      mailboxMax: 3,
    });
    expect(digestOf(definitionOf(Shuffled))).toBe(digest());
  });

  it("differs with everything that silos must agree on", () => {
    const digests = [
      digest(),
      digest({ name: "Other" }),
      digest({ version: 2 }),
      digest({ reentrancy: "none" }),
      digest({ methods: { read: { readonly: true } } }),
      digest({ methods: { read: { interleave: true } } }),
      digest({ methods: { read: { oneWay: true } } }),
      digest({ methods: { read: { idempotent: true } } }),
      digest({ methods: { read: { internal: true } } }),
      digest({ state: ["one"] }),
      digest({ state: { one: {}, two: { save: "manual" } } }),
      digest({ reminders: { rise: "wake" } }),
      digest({ timers: { poll: "wake" } }),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });
});
