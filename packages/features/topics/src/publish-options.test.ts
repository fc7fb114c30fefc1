import { describe, expect, it } from "vitest";
import type { PublishOptions } from "@troupe/sdk";
import { eventToStore } from "./publish-options.ts";
import type { SchemaResult, StandardSchema } from "./standard-schema.ts";
import { topic } from "./topic.ts";
import { eventWithoutReferences, isExpired, sizeOf, sourceOf } from "./topic-event.ts";

interface Payment {
  readonly amount: number;
}

const BY = { source: "/Order/o-1", newId: () => "id-1", now: 1_000, traceparent: undefined };

const payments = topic<Payment>("payments");

function schema(validate: (value: unknown) => SchemaResult | Promise<SchemaResult>) {
  return { "~standard": { version: 1, vendor: "test", validate } } as StandardSchema<Payment>;
}

describe("an event", () => {
  it("is a CloudEvent, with a copy of the data", () => {
    const data = { amount: 5, at: new Date(7), notes: new Map([["a", [1n]]]) };
    const stored = eventToStore(
      topic("payments"),
      data,
      { key: "k", headers: { tenant: "a" } },
      BY,
    );
    data.amount = 6;
    expect(eventWithoutReferences(stored)).toEqual({
      specversion: "1.0",
      id: "id-1",
      source: "/Order/o-1",
      type: "payments",
      time: "1970-01-01T00:00:01.000Z",
      subject: undefined,
      datacontenttype: "application/json",
      traceparent: undefined,
      partitionkey: "k",
      extensions: { tenant: "a" },
      data: { amount: 5, at: new Date(7), notes: new Map([["a", [1n]]]) },
    });
    expect(eventWithoutReferences(stored).data).not.toBe(eventWithoutReferences(stored).data);
  });

  it("has what its publisher says of it", () => {
    const options = {
      id: "x",
      type: "paid",
      subject: "o-1",
      contentType: "text/x",
      ttl: "1s",
    } as const;
    const by = { ...BY, traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };
    const stored = eventToStore(payments, { amount: 1 }, options, by);
    expect(eventWithoutReferences(stored)).toMatchObject({
      id: "x",
      type: "paid",
      subject: "o-1",
      datacontenttype: "text/x",
      traceparent: by.traceparent,
    });
    expect([isExpired(stored, 1_999), isExpired(stored, 2_000)]).toEqual([false, true]);
  });

  it("says that bytes are bytes, and counts them", () => {
    const stored = eventToStore(topic("files"), new Uint8Array(1_000), {}, BY);
    expect(eventWithoutReferences(stored).datacontenttype).toBe("application/octet-stream");
    expect(sizeOf(stored)).toBeGreaterThan(1_000);
    expect(sizeOf(stored)).toBeLessThan(1_200);
  });

  it("names an actor as a URI", () => {
    expect(sourceOf({ type: "Order", id: "a b/ü" })).toBe("/Order/a%20b/%C3%BC");
  });
});

describe("what a topic does not take", () => {
  it.each<[unknown, string]>([
    [{ key: "" }, "key must be a text of 1 to 256 bytes"],
    [{ key: "ü".repeat(129) }, "key must be a text of 1 to 256 bytes"],
    [{ key: "\ud800" }, "key must be"],
    [{ id: "x".repeat(129) }, "id must be a text of 1 to 128 bytes"],
    [{ type: 5 }, "type must be a text"],
    [{ ttl: "soon" }, "ttl must be a duration above 0"],
    [{ ttl: 0 }, "ttl must be a duration above 0"],
    [{ headers: "a" }, "headers must be an object of texts"],
    [{ headers: { "a-b": "c" } }, "the header"],
    [{ headers: { source: "c" } }, "the header source is an attribute of every event"],
    [{ headers: { a: 5 } }, "the header a must be a text"],
    [{ deliverat: 5 }, "there is no option deliverat; there are key, id"],
    [null, "the options must be an object, not null"],
  ])("is BAD_INPUT: the options %j", (options, message) => {
    const publish = () => eventToStore(payments, { amount: 1 }, options as PublishOptions, BY);
    expect(publish).toThrow(`[BAD_INPUT] publish to payments: ${message}`);
  });

  it("is BAD_INPUT with the path where the schema does not hold", () => {
    const path = ["items", 3, { key: "price" }];
    const strict = topic<Payment>("strict", {
      schema: schema((value) =>
        (value as Payment).amount > 0 ? {} : { issues: [{ message: "must be positive", path }] },
      ),
    });
    expect(eventToStore(strict, { amount: 1 }, {}, BY).id).toBe("id-1");
    expect(() => eventToStore(strict, { amount: 0 }, {}, BY)).toThrow(
      "[BAD_INPUT] publish to strict: data.items[3].price: must be positive",
    );
  });

  it("shows the first issues of many", () => {
    const issues = Array.from({ length: 7 }, (_, index) => ({ message: `wrong ${index}` }));
    const strict = topic("strict", { schema: schema(() => ({ issues })) });
    expect(() => eventToStore(strict, { amount: 0 }, {}, BY)).toThrow(/wrong 4; and 2 more$/);
  });

  it("is data for which a schema would have to wait", () => {
    const slow = topic("slow", { schema: schema(async () => ({})) });
    expect(() => eventToStore(slow, { amount: 0 }, {}, BY)).toThrow(/BAD_CONFIG.*asynchronously/);
  });

  it("is data that cannot be copied, or is too large", () => {
    const small = topic("small", { maxBytes: 100 });
    expect(() => eventToStore(small, "x".repeat(101), {}, BY)).toThrow(/PAYLOAD_TOO_LARGE/);
    expect(() => eventToStore(small, { f: () => 1 }, {}, BY)).toThrow(/NOT_SERIALIZABLE.*data\.f/);
  });
});
