import { messageOf, type Scheduled, TroupeError, withTimeout } from "@troupe/core";
import type { SiloHost, SiloService } from "@troupe/sdk";
import { isOnBroker } from "./broker-service.ts";
import { subscriptionsOf } from "./subscription.ts";
import { partitionAddress, readerTypeOf } from "./topic-addresses.ts";
import type { Topic } from "./topic.ts";
import { JOIN_TURN, RETAIN_TURN } from "./topic-turns.ts";

/** Partitions that are told at the same time. */
const TELLING_MAX = 16;

/** Between tries to reach partitions. */
const AGAIN_MS = 1_000;

/** How long the start of a silo waits until its partitions know. */
const START_MS = 5_000;

/** One thing to tell a partition. */
type Telling = () => Promise<unknown>;

/**
 * Tells the partitions of topics which groups read them, and how much to keep.
 *
 * TSVC-1. When a silo has started, the partitions know its subscriptions, unless they could not be
 *         reached within 5 s. Then they are told as soon as they can be.
 */
export class TopicsService implements SiloService {
  readonly name = "topics";
  readonly #silo: SiloHost;
  readonly #topics: readonly Topic[];
  #telling: Promise<void> | undefined;
  #pause: Scheduled | undefined;
  #isOver = false;

  /** `topics` are those to configure besides those that are subscribed to. */
  constructor(silo: SiloHost, topics: readonly Topic[]) {
    this.#silo = silo;
    this.#topics = topics;
  }

  async start(): Promise<void> {
    const telling = this.#tell(this.#all());
    this.#telling = telling;
    await withTimeout(this.#silo.clock, START_MS, telling, () => undefined);
  }

  drain(): void {
    this.#isOver = true;
    this.#pause?.cancel();
  }

  async stop(): Promise<void> {
    this.drain();
    await this.#telling;
  }

  #all(): Telling[] {
    const subscribed = [...this.#silo.definitions.values()].flatMap((definition) =>
      subscriptionsOf(definition)
        .filter((subscription) => !isOnBroker(subscription))
        .map((subscription) => ({ definition, subscription })),
    );
    const kept = this.#topics.filter(({ pubsub }) => pubsub === undefined);
    const topics = [...kept, ...subscribed.map(({ subscription }) => subscription.topic)];
    const byName = new Map(topics.map((topic) => [topic.name, topic]));
    const retains = [...byName.values()].flatMap((topic) =>
      this.#each(topic, RETAIN_TURN, [topic.retention]),
    );
    const joins = subscribed.flatMap(({ definition, subscription }) => {
      const { topic, group, from } = subscription;
      return this.#each(topic, JOIN_TURN, [group, readerTypeOf(definition.name), from]);
    });
    return [...retains, ...joins];
  }

  #each({ name, partitions }: Topic, turn: string, args: readonly unknown[]): Telling[] {
    return Array.from({ length: partitions }, (_, partition) => {
      const address = partitionAddress(name, partition);
      return () => this.#silo.callTurn(address, turn, args);
    });
  }

  /** Resolves when all were tried once. Those that failed are tried again later. */
  async #tell(all: readonly Telling[]): Promise<void> {
    const waiting = [...all];
    const failed: Telling[] = [];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined && !this.#isOver; next = waiting.shift())
        // One after the other: as many work at the same time as there may be.
        // oxlint-disable-next-line no-await-in-loop -- as the comment says.
        if (!(await this.#tellOne(next))) failed.push(next);
    };
    await Promise.all(Array.from({ length: TELLING_MAX }, work));
    if (failed.length === 0 || this.#isOver) return;
    this.#pause = this.#silo.clock.schedule(AGAIN_MS, () => {
      this.#telling = this.#tell(failed);
    });
  }

  async #tellOne(telling: Telling): Promise<boolean> {
    try {
      await telling();
      return true;
    } catch (error) {
      const reason = messageOf(error);
      const isFinal = error instanceof TroupeError && error.code === "BAD_DEFINITION";
      const what = "a partition could not be told who reads it";
      if (isFinal) this.#silo.logger.error({ event: "topic_refused", reason }, what);
      else this.#silo.logger.warn({ event: "topic_untold", reason }, `${what}; trying again`);
      return isFinal;
    }
  }
}
