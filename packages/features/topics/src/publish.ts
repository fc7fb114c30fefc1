import { type Actor, hostOf, PUBLISHER, type PublishOptions } from "@troupe/sdk";
import type { Topic } from "./topic.ts";

/**
 * Publishes with the running turn of the actor: the event is stored with what the turn changes, and
 * leaves if and only if that is stored. A turn that throws publishes nothing. Gives the event's id.
 *
 * Throws `BAD_INPUT` if the data breaks the topic's schema or an option is wrong,
 * `NOT_SERIALIZABLE` or `PAYLOAD_TOO_LARGE` if it cannot be kept, `READONLY_WRITE` outside of a
 * turn and in a readonly one, and `OVERLOADED` if 1,000 durable sends of the actor have not arrived
 * yet. The silo needs the extension `topics()`, and the actor something durable, such as a
 * `@state`.
 *
 * @example
 * ```ts
 * async pay(amount: number): Promise<void> {
 *   this.paid += amount;
 *   publish(this, payments, { orderId: this.id, amount }, { key: this.id });
 * }
 * ```
 */
export function publish<Data>(
  actor: Actor,
  topic: Topic<Data>,
  data: Data,
  options: PublishOptions = {},
): string {
  return hostOf(actor).part(PUBLISHER).publish(topic, data, options);
}
