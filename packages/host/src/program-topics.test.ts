import { type Duration, silentLogger } from "@troupe/core";
import { Actor, actor, readonly, state } from "@troupe/sdk";
import { subscribe, topic, type TopicEvent, topics } from "@troupe/topics";
import { expect, it } from "vitest";
import { connect } from "./connect.ts";
import { startSilo } from "./start-silo.ts";

interface Payment {
  readonly order: string;
  readonly amount: number;
}

const payments = topic<Payment>("payments", { partitions: 2 });

@actor("PaidOrder")
class PaidOrder extends Actor {
  @state() accessor paid = 0;

  @subscribe(payments)
  async onPayment({ data }: TopicEvent<Payment>): Promise<void> {
    this.paid += data.amount;
  }

  async pay(amount: number): Promise<void> {
    this.publish(payments, { order: this.id, amount }, { key: this.id });
  }

  @readonly() async read(): Promise<number> {
    return this.paid;
  }
}

const timeout: Duration = "5s";

it.each([[[]], [[topics({ topics: [payments] })]]])(
  "gives every silo and every client topics, with what the program says of them",
  async (extensions) => {
    const place = { membership: "memory:program-topics", cluster: `c${extensions.length}` };
    await using silo = await startSilo({
      ...place,
      storage: "memory:program-topics",
      actors: [PaidOrder],
      extensions,
      logger: silentLogger,
    });
    await using cluster = await connect({ ...place, logger: silentLogger });
    const stop = new AbortController();
    const audit = cluster.subscribe(payments, {
      group: "audit",
      from: "earliest",
      signal: stop.signal,
    });
    await cluster.publish(payments, { order: "o", amount: 1 }, { key: "o" });
    await silo.publish(payments, { order: "o", amount: 2 }, { key: "o" });
    await silo.actor(PaidOrder, "o", { timeout }).pay(4);
    const seen: number[] = [];
    for await (const event of audit) {
      seen.push(event.data.amount);
      await event.ack();
      if (seen.length === 3) stop.abort();
    }
    expect(seen).toEqual([1, 2, 4]);
    await expect.poll(() => silo.actor(PaidOrder, "o").read(), { timeout: 10_000 }).toBe(7);
  },
);
