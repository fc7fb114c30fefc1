import { setImmediate } from "node:timers/promises";
import { createValuePacker, errorToPortable, fromPortable } from "@troupe/core";
import { Actor, actor, defineError, error } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it } from "vitest";

@error("test/OutOfStock")
class OutOfStock extends RangeError {
  readonly item: string;

  constructor(item: string, cause?: unknown) {
    super(`${item} is out of stock`, { cause });
    this.item = item;
  }

  get advice(): string {
    return `order ${this.item} later`;
  }
}

class NeverSold extends OutOfStock {}

@actor("Shop")
class Shop extends Actor {
  async buy(item: string): Promise<void> {
    await setImmediate();
    throw new OutOfStock(item, new TypeError("the shelf is empty"));
  }

  async ask(item: string): Promise<void> {
    throw new NeverSold(item);
  }
}

@actor("Buyer")
class Buyer extends Actor {
  async tryToBuy(item: string): Promise<string> {
    try {
      await this.actor(Shop, "one").buy(item);
      return "bought";
    } catch (caught) {
      if (!(caught instanceof OutOfStock)) throw caught;
      return caught.advice;
    }
  }
}

async function thrown(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
}

describe("a thrown error of a class with a name", () => {
  it("is of that class where it arrives, with its fields, cause and stack", async () => {
    await using cluster = await TestCluster.start({ actors: [Shop], silos: 2 });
    const caught = await thrown(cluster.run(cluster.actor(Shop, "one").buy("milk")));
    expect(caught).toBeInstanceOf(OutOfStock);
    expect(caught).toBeInstanceOf(RangeError);
    expect(caught).toMatchObject({
      name: "test/OutOfStock",
      message: "milk is out of stock",
      item: "milk",
      advice: "order milk later",
      cause: expect.any(TypeError),
      stack: expect.stringContaining("error-classes.test.ts"),
    });
  });

  it("is caught by its class in another actor, within a silo and between silos", async () => {
    await using cluster = await TestCluster.start({ actors: [Shop, Buyer], silos: 3 });
    for (const id of ["a", "b", "c", "d"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other is enough.
      expect(await cluster.run(cluster.actor(Buyer, id).tryToBuy("tea"))).toBe("order tea later");
    }
  });

  it("is of the nearest class with a name if its own has none", async () => {
    await using cluster = await TestCluster.start({ actors: [Shop] });
    const caught = await thrown(cluster.run(cluster.actor(Shop, "one").ask("snow")));
    expect(caught).toBeInstanceOf(OutOfStock);
    expect(caught).not.toBeInstanceOf(NeverSold);
  });

  it("is of the built-in class that it extends where nobody knows its own", () => {
    class Unknown extends RangeError {}
    defineError(Unknown, "test/Unknown");
    const { value, ...payload } = errorToPortable(new Unknown("far"));
    const bytes = createValuePacker().pack(value);
    const arrive = (): unknown =>
      fromPortable({ ...payload, value: createValuePacker().unpack(bytes) }, () => undefined);
    expect(arrive()).toBeInstanceOf(Unknown);
    const classes = (globalThis as never as Record<symbol, Map<string, unknown>>)[
      Symbol.for("troupe.errorClasses")
    ];
    classes?.delete("test/Unknown");
    const elsewhere = arrive();
    expect(Object.getPrototypeOf(elsewhere)).toBe(RangeError.prototype);
    expect(elsewhere).toMatchObject({ name: "test/Unknown", message: "far" });
  });
});
