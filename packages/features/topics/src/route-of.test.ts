import { describe, expect, it } from "vitest";
import type { PublishOptions } from "@troupe/sdk";
import { eventToStore } from "./publish-options.ts";
import { routeOf } from "./route-of.ts";
import type { StandardSchema } from "./standard-schema.ts";
import { readSubscription, type SubscribeOptions } from "./subscription.ts";
import { type Topic, topic } from "./topic.ts";
import type { StoredEvent } from "./topic-event.ts";

const READER = { type: "Order", makeReference: (address: object) => address };
const BY = { source: "/test", newId: () => "id", now: 0, traceparent: undefined };

interface Data {
  readonly order: string;
}

const orders = topic<Data>("orders");

function stored(order: string, options: PublishOptions = {}): StoredEvent {
  return eventToStore(orders, { order }, options, BY);
}

function route(
  event: StoredEvent,
  options: SubscribeOptions<Data> = {},
  on: Topic = orders,
): ReturnType<typeof routeOf> {
  const subscription = readSubscription(on, options, (text) => expect.fail(text));
  return routeOf(event, { ...subscription, isOfWorker: false }, READER);
}

function broken(): never {
  throw new RangeError("broken");
}

describe("what a subscription does with an event", () => {
  it("is to hand it to the actor that it names, or that its key names", () => {
    expect(route(stored("o-1"), { id: ({ data }) => data.order })).toEqual({
      kind: "deliver",
      id: "o-1",
    });
    expect(route(stored("o-1", { key: "k" }))).toEqual({ kind: "deliver", id: "k" });
  });

  it("is to pass it over if it is not wanted", () => {
    const options: SubscribeOptions<Data> = { when: ({ data }) => data.order === "o-2" };
    expect(route(stored("o-1", { key: "k" }), options)).toEqual({ kind: "skip" });
    expect(route(stored("o-2", { key: "k" }), options)).toMatchObject({ kind: "deliver" });
  });

  it("is to bury it if no actor can be found", () => {
    const reasons = [
      route(stored("o-1")),
      route(stored("o-1"), { id: () => "" }),
      route(stored("o-1"), { id: broken }),
      route(stored("o-1"), { when: broken }),
      route({ ...stored("o-1"), data: Uint8Array.of(0x92) }, { id: () => "o" }),
    ].map((found) => (found.kind === "bury" ? found.reason : found.kind));
    expect(reasons).toEqual([
      expect.stringContaining("it has no key"),
      expect.stringContaining("BAD_ACTOR_ID"),
      expect.stringContaining("broken"),
      expect.stringContaining("broken"),
      expect.stringContaining("no actor could be found for it"),
    ]);
  });

  it("is to bury it if it breaks the topic's schema, wherever it comes from", () => {
    const schema: StandardSchema<Data> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: () => ({ issues: [{ message: "is no order", path: ["order"] }] }),
      },
    };
    const strict = topic("orders", { schema });
    expect(route(stored("o-1", { key: "k" }), {}, strict as Topic)).toEqual({
      kind: "bury",
      reason: "it breaks the topic's schema: data.order: is no order",
    });
  });
});
