import { handlerDecorator, type MethodDecorator } from "@troupe/sdk";
import { type BulkOptions, describeSubscription, type SubscribeOptions } from "./subscription.ts";
import type { Topic } from "./topic.ts";
import type { TopicEvent } from "./topic-event.ts";

/**
 * The method handles the events of a topic: each in a turn of the actor that `id` names, and with
 * one effect. If it throws, the event comes again, and the events of its key wait meanwhile.
 *
 * With `bulk` the method gets an array of events that are for the same actor. On a stateless worker
 * any instance handles an event: once at least, since a worker remembers nothing.
 *
 * The method cannot be called through a reference. Every silo that hosts the type needs the
 * extension `topics()`.
 *
 * @example
 * ```ts
 * @subscribe(payments, { id: (event) => event.data.orderId })
 * async onPayment(event: TopicEvent<Payment>): Promise<void> {
 *   this.paid += event.data.amount;
 * }
 * ```
 */
export function subscribe<Data>(
  topic: Topic<Data>,
  options: SubscribeOptions<Data> & { readonly bulk: BulkOptions },
): MethodDecorator<(events: readonly TopicEvent<Data>[]) => unknown>;
export function subscribe<Data>(
  topic: Topic<Data>,
  options?: SubscribeOptions<Data> & { readonly bulk?: undefined },
): MethodDecorator<(event: TopicEvent<Data>) => unknown>;
export function subscribe(...args: readonly unknown[]): unknown {
  const [topic, options] = args;
  return handlerDecorator({
    factory: subscribe,
    args,
    describe: (method) => describeSubscription({ topic, options }, method),
  });
}
