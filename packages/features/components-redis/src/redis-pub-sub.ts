import {
  type BrokerConsumer,
  type BrokerMessage,
  type BrokerSubscription,
  type ComponentContext,
  type PubSub,
  randomId,
  systemRandom,
} from "@troupe/core";
import type { RedisConnection } from "./redis-connection.ts";
import { RedisConsumer } from "./redis-consumer.ts";
import { RedisLocks } from "./redis-locks.ts";
import { ENTRY_FIELDS } from "./stream-entries.ts";

/** Topics that are streams of a Redis. */
export class RedisPubSub implements PubSub {
  readonly #connection: RedisConnection;
  readonly #context: ComponentContext;
  readonly #locks: RedisLocks;
  readonly #keptMax: number | undefined;
  readonly #consumers = new Set<RedisConsumer>();

  /** `keptMax` are the messages that a stream keeps, roughly; undefined: all. */
  constructor(connection: RedisConnection, context: ComponentContext, keptMax: number | undefined) {
    this.#connection = connection;
    this.#context = context;
    this.#locks = new RedisLocks(connection, context.appId);
    this.#keptMax = keptMax;
  }

  async publish(topic: string, { key, data, headers }: BrokerMessage): Promise<void> {
    const trim = this.#keptMax === undefined ? [] : ["MAXLEN", "~", this.#keptMax];
    const fields: (string | Buffer)[] = [ENTRY_FIELDS.data, Buffer.from(data)];
    if (key !== undefined) fields.push(ENTRY_FIELDS.key, key);
    if (Object.keys(headers).length > 0) fields.push(ENTRY_FIELDS.headers, JSON.stringify(headers));
    await this.#connection.run((redis) => redis.call("XADD", topic, ...trim, "*", ...fields));
  }

  async subscribe(subscription: BrokerSubscription): Promise<BrokerConsumer> {
    const { clock, logger } = this.#context;
    const consumer = new RedisConsumer(subscription, {
      connection: this.#connection,
      locks: this.#locks,
      clock,
      logger,
      name: randomId(systemRandom),
    });
    await consumer.start();
    this.#consumers.add(consumer);
    return consumer;
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#consumers, (consumer) => consumer.close()));
    await this.#connection.close();
  }
}
