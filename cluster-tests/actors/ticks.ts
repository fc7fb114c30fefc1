import { Actor, defineActor, defineSubscriptions, to, topic, type TopicEvent } from "troupe";

/** One event: the `n`th for a counter. */
export interface Tick {
  readonly to: string;
  readonly n: number;
}

export const ticks = topic<Tick>("ticks", { partitions: 4 });

/** What a counter has got: how many in order, and what was lost, doubled or out of order. */
export interface TickReport {
  readonly next: number;
  readonly faults: readonly string[];
}

// Without decorators, because `node` runs this file as it is.

/** Publishes in its turns. */
export class TickSource extends Actor {
  count = 0;

  async tick(): Promise<void> {
    this.publish(ticks, { to: this.id, n: this.count++ }, { key: this.id });
  }

  async read(): Promise<number> {
    return this.count;
  }
}

defineActor(TickSource, {
  name: "TickSource",
  state: ["count"],
  methods: { read: { readonly: true } },
});

/** Counts what it gets, and notes what is not the next. */
export class TickCounter extends Actor {
  next = 0;
  faults: readonly string[] = [];

  async onTick({ data: { n } }: TopicEvent<Tick>): Promise<void> {
    if (n === this.next) this.next++;
    else this.faults = [...this.faults, `${n} came for ${this.next}`];
  }

  async read(): Promise<TickReport> {
    return { next: this.next, faults: this.faults };
  }
}

defineActor(TickCounter, {
  name: "TickCounter",
  state: ["next", "faults"],
  methods: { read: { readonly: true } },
});
defineSubscriptions(TickCounter, {
  onTick: to(ticks, { id: ({ data }) => data.to, from: "earliest" }),
});
