import { Actor, actor, defineActor, defineBehaviour, definitionOf } from "@troupe/sdk";
import { describe, expect, expectTypeOf, it } from "vitest";
import { subscribe } from "./subscribe.ts";
import {
  defineSubscriptions,
  type SubscribeOptions,
  subscriptionHandlers,
  subscriptionsOf,
  to,
} from "./subscription.ts";
import { type Topic, topic } from "./topic.ts";
import type { TopicEvent } from "./topic-event.ts";

interface Payment {
  readonly orderId: string;
}

const payments = topic<Payment>("payments");
const refunds = topic<Payment>("refunds");

@actor("Order")
class Order extends Actor {
  @subscribe(payments, { id: (event) => event.data.orderId, group: "orders", from: "earliest" })
  @subscribe(refunds, { retry: { attempts: 3, backoff: "5s" }, concurrency: 8 })
  async onMoney(event: TopicEvent<Payment>): Promise<void> {
    expectTypeOf(event.data).toEqualTypeOf<Payment>();
  }

  async read(): Promise<void> {}
}

const nothing = (): { invoke: () => undefined } => ({ invoke: () => undefined });

function wrong(on: unknown, options: unknown): unknown {
  @actor("Wrong")
  class Wrong extends Actor {
    @subscribe(on as Topic, options as never)
    async onEvent(): Promise<void> {}
  }
  return definitionOf(Wrong);
}

describe("@subscribe", () => {
  it("makes a method handle the events of topics, each as a group of its own", () => {
    const definition = definitionOf(Order);
    const found = subscriptionsOf(definition).toSorted((a, b) => (a.group < b.group ? -1 : 1));
    expect(found).toMatchObject([
      {
        group: "Order.onMoney",
        method: "onMoney",
        topic: refunds,
        from: "latest",
        attempts: 3,
        backoffMs: 5_000,
        concurrency: 8,
      },
      { group: "orders", method: "onMoney", topic: payments, from: "earliest", attempts: 5 },
    ]);
    expect([...definition.methods.keys()]).toEqual(["read"]);
  });

  it.each<[unknown, unknown, RegExp]>([
    [undefined, {}, /the topic must be what topic\(\) gave, not undefined/],
    [payments, { id: "x" }, /id must be a function of the event, not "x"/],
    [payments, { when: true }, /when must be a function/],
    [payments, { group: "a/b" }, /group must be a text of 1 to 400 bytes without a slash/],
    [payments, { from: "now" }, /from must be "earliest" or "latest", not "now"/],
    [payments, { retry: { attempts: 0 } }, /retry\.attempts must be a whole number from 1 to 100/],
    [payments, { retry: { backoff: "-1s" } }, /retry\.backoff must be a duration above 0/],
    [payments, { concurrency: 1_000 }, /concurrency must be a whole number from 1 to 256/],
    [payments, { bulk: { max: 0 } }, /bulk\.max must be a whole number from 1 to 256/],
    [payments, { bulk: { most: 3 } }, /the options of bulk have no most; there are max, within/],
    [payments, { bulk: { max: 9 }, concurrency: 3 }, /concurrency 3 lets no 9 events in at once/],
    [payments, { deadLetter: "x" }, /deadLetter must be what topic\(\) gave, not "x"/],
    [payments, { deadLetter: payments }, /another topic than payments, or its events come back/],
    [payments, { filter: 1 }, /the options of a subscription have no filter/],
  ])("is BAD_DEFINITION on the topic %j with %j", (on, options, message) => {
    expect(() => wrong(on, options)).toThrow(message);
    expect(() => wrong(on, options)).toThrow(/BAD_DEFINITION[^]*subscription\.test\.ts:\d+/);
  });

  it("needs the name of a group where the method's name cannot be a part of one", () => {
    @actor("Strange")
    class Strange extends Actor {
      @subscribe(payments)
      async "on/payment"(): Promise<void> {}
    }
    expect(() => definitionOf(Strange)).toThrow(/its group cannot be named after the method/);
  });

  it("can be on a stateless worker, which then names no actor by id", () => {
    @actor("Worker", { statelessWorker: true })
    class Worker extends Actor {
      @subscribe(payments)
      async onEvent(): Promise<void> {}
    }
    expect(subscriptionsOf(definitionOf(Worker))).toMatchObject([{ isOfWorker: true }]);
    @actor("Named", { statelessWorker: true })
    class Named extends Actor {
      @subscribe(payments, { id: ({ data }) => data.orderId })
      async onEvent(): Promise<void> {}
    }
    expect(() => subscriptionsOf(definitionOf(Named))).toThrow(
      /BAD_DEFINITION.*Named.onEvent\(\) is a method of a stateless worker, so no id names one/,
    );
  });
});

describe("subscriptions without decorators", () => {
  it("say the same of a class and of a behaviour", () => {
    class Plain extends Actor {
      async onMoney(): Promise<void> {}
    }
    defineActor(Plain, { name: "Plain" });
    const options: SubscribeOptions<Payment> = { group: "g", id: ({ data }) => data.orderId };
    expect(defineSubscriptions(Plain, { onMoney: to(payments, options) })).toBe(Plain);
    const handlers = subscriptionHandlers({ onMoney: to(payments, options) });
    const behaviour = defineBehaviour("Plain", { activate: nothing, handlers });
    const subscriptions = subscriptionsOf(definitionOf(Plain));
    expect(subscriptions).toMatchObject([{ group: "g", method: "onMoney", topic: payments }]);
    expect(subscriptionsOf(behaviour)).toEqual(subscriptions);
  });

  it("are BAD_DEFINITION if they are wrong, or no method is there", () => {
    class Plain extends Actor {
      async onMoney(): Promise<void> {}
    }
    defineActor(Plain, { name: "Plain" });
    defineSubscriptions(Plain, { onMony: to(payments), onMoney: to(refunds, { concurrency: 0 }) });
    expect(() => definitionOf(Plain)).toThrow(/concurrency must be/);
    expect(() => definitionOf(Plain)).toThrow(/there is no method onMony/);
    expect(() => subscriptionHandlers({ onMoney: to(payments, { group: "" }) })).toThrow(
      /BAD_DEFINITION.*subscriptions cannot work.*group must be/s,
    );
  });
});
