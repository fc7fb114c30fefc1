import type { FieldChange, Fields } from "@troupe/core";
import {
  type ActorDefinition,
  defineBehaviour,
  type DurablePart,
  type PartHost,
  type PartKey,
  partKey,
  type PartState,
  type Schedules,
} from "@troupe/sdk";
import { parseFetch } from "./parse-fetch.ts";
import { parseEvent } from "./parse-event.ts";
import { type Fetched, Partition, type Published, type Pull, type Pulled } from "./partition.ts";
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

/** The reminder of a partition with events whose time has not come, and what handles it. */
const DUE_REMINDER = "due";
const PUBLISH_DUE = "publishDue";

/** A partition of a topic as an actor has it. */
export class PartitionState implements PartState {
  readonly #host: PartHost;
  readonly #partition: Partition;
  #reminders: Schedules | undefined;

  constructor(host: PartHost) {
    this.#host = host;
    this.#partition = new Partition(host);
  }

  get partition(): Partition {
    return this.#partition;
  }

  /** Stores an event, and tells the readers that wait for one. Gives its number. */
  async publish(event: StoredEvent): Promise<number | undefined> {
    const { nextDueAt } = this.#partition;
    const published = this.#partition.publish(event, this.#now);
    this.#wakeFor(published);
    if (this.#partition.nextDueAt !== nextDueAt) await this.#remindOfDue();
    return published.seq;
  }

  /** Events whose time has come go to the readers. */
  async publishDue(): Promise<void> {
    for (const published of this.#partition.publishDue(this.#now)) this.#wakeFor(published);
    await this.#remindOfDue();
  }

  /** The partition's own reminders, by which it wakes when an event is due. */
  set reminders(reminders: Schedules) {
    this.#reminders = reminders;
  }

  /** The same for a client, whose clock may be wrong. */
  publishOfClient(given: unknown): Promise<number | undefined> {
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

  #wakeFor({ seq, wake }: Published): void {
    if (seq !== undefined) for (const reader of wake) this.#wake(reader, seq + 1);
  }

  async #remindOfDue(): Promise<void> {
    const at = this.#partition.nextDueAt;
    if (at !== undefined) await this.#reminders?.set(DUE_REMINDER, { at });
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
  handlers: { reminder: { [DUE_REMINDER]: PUBLISH_DUE } },
  activate: (host) => {
    const state = host.part(PARTITION);
    state.reminders = host.reminders;
    return {
      invoke: (method, [given]) => {
        if (method === PUBLISH_DUE) return state.publishDue();
        return method === "fetch" ? state.fetch(given) : state.publishOfClient(given);
      },
    };
  },
});
