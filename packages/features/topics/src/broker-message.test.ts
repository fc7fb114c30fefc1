import { describe, expect, it } from "vitest";
import { brokerMessage, eventFromBroker } from "./broker-message.ts";
import { eventToStore } from "./publish-options.ts";
import { topic } from "./topic.ts";
import { eventWithoutReferences, type StoredEvent } from "./topic-event.ts";

const BY = { source: "/Order/o-1", newId: () => "id-1", now: 1_000, traceparent: undefined };
const AT = { topic: "orders", now: 5_000 };

const orders = topic("orders", { pubsub: "broker" });

function arrived(text: string): StoredEvent | string {
  return eventFromBroker(
    { key: undefined, data: new TextEncoder().encode(text), headers: {} },
    false,
    AT,
  );
}

describe("an event on its way over a broker", () => {
  it.each<[unknown]>([[{ amount: 5, of: ["a", null] }], ["text"], [Uint8Array.of(0, 255)]])(
    "comes back as it was: %j",
    (data) => {
      const options = { key: "k", subject: "o-1", headers: { tenant: "a" } };
      const stored = eventToStore(orders, data, options, BY);
      const back = eventFromBroker(brokerMessage(stored, false), false, AT);
      if (typeof back === "string") return expect.fail(back);
      expect(eventWithoutReferences(back)).toEqual(eventWithoutReferences(stored));
    },
  );

  it("can be one of Dapr, whose attributes of its own are kept", () => {
    const event = arrived(
      '{"specversion":"1.0","id":"1","source":"shop","type":"com.dapr.event.sent","data":{"a":1},"pubsubname":"broker"}',
    );
    if (typeof event === "string") return expect.fail(event);
    expect(eventWithoutReferences(event)).toMatchObject({
      id: "1",
      source: "shop",
      time: "1970-01-01T00:00:05.000Z",
      extensions: { pubsubname: "broker" },
      data: { a: 1 },
    });
  });

  it.each([
    ["no json", /no CloudEvent in JSON/],
    ["[1]", /no CloudEvent in JSON/],
    ['{"id":"1","type":"t"}', /id, source and type must be texts/],
    ['{"id":5,"source":"s","type":"t"}', /id must be a text/],
  ])("is none if it says %s", (text, problem) => {
    expect(arrived(text)).toMatch(problem);
  });

  it("is its data alone if it is raw", () => {
    const texts = ["a", { a: 1 }, Uint8Array.of(66)].map((data) =>
      Buffer.from(brokerMessage(eventToStore(orders, data, {}, BY), true).data).toString(),
    );
    expect(texts).toEqual(["a", '{"a":1}', "B"]);
  });

  it("cannot hold what JSON cannot", () => {
    const stored = eventToStore(orders, { amount: 5n }, {}, BY);
    expect(() => brokerMessage(stored, false)).toThrow(/NOT_SERIALIZABLE.*JSON can hold/);
  });

  it("has no time at which it is handed out", () => {
    expect(() => eventToStore(orders, 1, { deliverAt: 5_000 }, BY)).toThrow(
      /BAD_INPUT.*deliverAt is only for topics that the cluster keeps/,
    );
  });
});
