import { describe, expect, it } from "vitest";
import { topic } from "./topic.ts";

interface Payment {
  readonly amount: number;
}

describe("topic()", () => {
  it("gives a description with the defaults", () => {
    expect(topic<Payment>("payments")).toEqual({
      name: "payments",
      schema: undefined,
      partitions: 16,
      maxBytes: 1_048_576,
      retention: { timeMs: 86_400_000, bytes: 8_388_608 },
      pubsub: undefined,
      isRaw: false,
    });
  });

  it("takes every option", () => {
    const retention = { time: "7d", bytes: 65_536 } as const;
    const broker = { pubsub: "kafka", raw: true };
    expect(
      topic("a.b-c_D9", { partitions: 256, maxBytes: 10, retention, ...broker }),
    ).toMatchObject({
      pubsub: "kafka",
      isRaw: true,
      partitions: 256,
      maxBytes: 10,
      retention: { timeMs: 604_800_000, bytes: 65_536 },
    });
  });

  it.each<[string, unknown, RegExp]>([
    ["", {}, /a name has 1 to 128/],
    ["a/b", {}, /a name has 1 to 128/],
    ["x".repeat(129), {}, /a name has 1 to 128/],
    ["p", { partitions: 0 }, /partitions must be a whole number from 1 to 256, not 0/],
    ["p", { partitions: 1.5 }, /partitions must be/],
    ["p", { partitions: "4" }, /partitions must be .*"4"/],
    ["p", { maxBytes: 1_048_577 }, /maxBytes must be/],
    ["p", { schema: {} }, /schema must be a Standard Schema/],
    ["p", { retention: { time: 0 } }, /retention\.time must be a duration above 0/],
    ["p", { retention: { bytes: 5 } }, /retention\.bytes must be/],
    ["p", { retention: { age: 5 } }, /the options of retention have no age/],
    ["p", { pubsub: "a/b" }, /pubsub must be the name of a component, not "a\/b"/],
    ["p", { raw: 1, pubsub: "b" }, /raw must be true or false/],
    ["p", { raw: true }, /raw is for topics of others on a broker; name its component/],
    ["p", { partition: 4 }, /the options have no partition; there are schema/],
    ["p", 5, /the options must be an object, not 5/],
  ])("says what is wrong with topic(%j, %j)", (name, options, message) => {
    expect(() => topic(name, options as object)).toThrow(message);
    expect(() => topic(name, options as object)).toThrow(
      expect.objectContaining({ code: "BAD_CONFIG" }),
    );
  });

  it("says everything that is wrong at once", () => {
    expect(() => topic("p", { partitions: 0, maxBytes: 0 })).toThrow(/partitions[^]*maxBytes/);
  });
});
