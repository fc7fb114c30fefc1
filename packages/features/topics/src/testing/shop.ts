import { Actor, actor, readonly, state } from "@troupe/sdk";
import type { PublishOptions } from "@troupe/sdk";
import { subscribe } from "../subscribe.ts";
import { topic } from "../topic.ts";
import type { TopicEvent } from "../topic-event.ts";

export interface Payment {
  readonly orderId: string;
  readonly amount: number;
  /** The handler throws so often. */
  readonly fails?: number;
}

export const payments = topic<Payment>("payments", { partitions: 4 });

/** How often each event was handled, in vain or not. */
export const attempts = new Map<number, number>();

@actor("Order")
export class Order extends Actor {
  @state() accessor amounts: number[] = [];

  @subscribe(payments, {
    id: (event) => event.data.orderId,
    retry: { attempts: 3, backoff: "1s" },
  })
  async onPayment({ data }: TopicEvent<Payment>): Promise<void> {
    this.amounts.push(data.amount);
    const count = (attempts.get(data.amount) ?? 0) + 1;
    attempts.set(data.amount, count);
    if (count <= (data.fails ?? 0))
      throw new RangeError(`no ${data.amount}, for the ${count}th time`);
  }

  @readonly() async read(): Promise<readonly number[]> {
    return this.amounts;
  }
}

@actor("Buyer")
export class Buyer extends Actor {
  @state() accessor spent = 0;

  async pay(payment: Payment, options?: PublishOptions): Promise<string> {
    this.spent += payment.amount;
    return this.publish(payments, payment, options ?? { key: payment.orderId });
  }

  async payByName(name: string, payment: Payment): Promise<void> {
    this.publish(name, payment, { key: payment.orderId });
  }

  async payAndThrow(payment: Payment): Promise<void> {
    await this.pay(payment);
    throw new RangeError("not today");
  }

  @readonly() async look(): Promise<void> {
    this.publish(payments, { orderId: "x", amount: 1 });
  }

  @readonly() async read(): Promise<number> {
    return this.spent;
  }
}
