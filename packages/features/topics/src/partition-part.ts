import type { FieldChange, Fields } from "@troupe/core";
import {
  type ActorDefinition,
  defineBehaviour,
  type DurablePart,
  type PartHost,
  type PartKey,
  partKey,
  type PartState,
} from "@troupe/sdk";
import { parseFetch } from "./parse-fetch.ts";
import { parseEvent } from "./parse-event.ts";
import { type Fetched, Partition, type Pull, type Pulled } from "./partition.ts";
import type { From } from "./subscription.ts";
import { PARTITION_TYPE, readerAddress } from "./topic-addresses.ts";
import type { Retention } from "./topic.ts";
import type { StoredEvent } from "./topic-event.ts";
import {
  DROP_GROUP_TURN,
  JOIN_TURN,
  NUMBERS_TURN,
  PUBLISH_TURN,
  PULL_TURN,
  RETAIN_TURN,
  WAKE_TURN,
} from "./topic-turns.ts";

/** A partition of a topic as an actor has it. */
export class PartitionState implements PartState {
  readonly #host: PartHost;
  readonly #partition: Partition;

  constructor(host: PartHost) {
    this.#host = host;
    this.#partition = new Partition(host);
  }

  get partition(): Partition {
    return this.#partition;
  }

  /** Stores an event, and tells the readers that wait for one. Gives its number. */
  publish(event: StoredEvent): number {
    const { seq, wake } = this.#partition.publish(event, this.#now);
    for (const reader of wake) this.#wake(reader, seq + 1);
    return seq;
  }

  /** The same for a client, whose clock may be wrong. */
  publishOfClient(given: unknown): number {
    return this.publish({ ...parseEvent(given), at: this.#now, isFromProgram: true });
  }

  /** Throws `BAD_INPUT` for what is no request: a client may send whatever it likes. */
  fetch(given: unknown): Fetched | number {
    return this.#partition.fetch(parseFetch(given), this.#now);
  }

  join(group: string, type: string, from: From): void {
    const generation = this.#host.nextTag();
    const isBehind = this.#partition.join(group, { type, from, generation }, this.#now);
    if (isBehind) this.#wake({ group, type }, this.#partition.numbers.next);
  }

  pull(pull: Pull): Pulled | undefined {
    return this.#partition.pull(pull, this.#now);
  }

  load(fields: Fields): void {
    this.#partition.load(fields);
  }

  collect(): FieldChange[] {
    return this.#partition.collect();
  }

  adopt(): void {
    this.#partition.adopt();
  }

  rollback(): void {
    this.#partition.rollback();
  }

  get #now(): number {
    return this.#host.clock.now();
  }

  #wake(reader: { readonly group: string; readonly type: string }, next: number): void {
    this.#host.send(readerAddress(this.#host.address, reader), {
      method: WAKE_TURN,
      args: [next],
    });
  }
}

export const PARTITION: PartKey<PartitionState> = partKey("topic-partition");

/** The events of a partition, and how far its groups have come. */
export const partitionPart: DurablePart<PartitionState> = {
  key: PARTITION,
  prefixes: Partition.prefixes,
  isNeededBy: ({ name }) => name === PARTITION_TYPE,
  create: (host) => new PartitionState(host),
  turns: {
    [PUBLISH_TURN]: (host, [event]) => host.part(PARTITION).publish(parseEvent(event)),
    [JOIN_TURN]: (host, [group, type, from]) =>
      host.part(PARTITION).join(String(group), String(type), from as From),
    [RETAIN_TURN]: (host, [retention]) => {
      host.part(PARTITION).partition.retention = retention as Retention;
    },
    [PULL_TURN]: (host, [group, doneBefore, from]) =>
      host.part(PARTITION).pull({
        group: String(group),
        doneBefore: doneBefore as number | undefined,
        from: from as number | undefined,
      }),
    [DROP_GROUP_TURN]: (host, [group]) => host.part(PARTITION).partition.drop(String(group)),
    [NUMBERS_TURN]: (host) => host.part(PARTITION).partition.numbers,
  },
  operatorTurns: { [DROP_GROUP_TURN]: "changes", [NUMBERS_TURN]: "looks" },
};

/** The type of partitions. What clients may do with one are its methods. */
export const partitionType: ActorDefinition = defineBehaviour(PARTITION_TYPE, {
  methods: { publish: {}, fetch: {} },
  activate: (host) => ({
    invoke: (method, [given]) =>
      method === "fetch"
        ? host.part(PARTITION).fetch(given)
        : host.part(PARTITION).publishOfClient(given),
  }),
});
