import {
  type Binding,
  type BindingRequest,
  type BindingResponse,
  type BindingSource,
  componentType,
  type ComponentTypeOf,
  type InputBinding,
  type SourceEvent,
  type SourceReading,
  type SourceReceiver,
} from "@troupe/core";

/** Events in memory, which a program or a test puts in. Each is there until it is done. */
export class InMemoryEvents implements InputBinding {
  readonly #waiting: SourceEvent[] = [];
  readonly #readings = new Set<InMemoryReading>();
  #count = 0;

  /** How many events nobody has taken. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Puts an event in. Its id is that of its metadata, or a new one. */
  put(data: Uint8Array | undefined, metadata: Readonly<Record<string, string>> = {}): void {
    this.giveBack({ id: metadata["id"] ?? `${++this.#count}`, data, metadata });
  }

  async read(window: number, receiver: SourceReceiver): Promise<SourceReading> {
    const reading = new InMemoryReading(this, window, receiver);
    this.#readings.add(reading);
    reading.pump();
    return reading;
  }

  take(): SourceEvent | undefined {
    return this.#waiting.shift();
  }

  giveBack(event: SourceEvent): void {
    this.#waiting.push(event);
    for (const reading of this.#readings) reading.pump();
  }

  forget(reading: InMemoryReading): void {
    this.#readings.delete(reading);
  }
}

class InMemoryReading implements SourceReading {
  readonly #events: InMemoryEvents;
  readonly #window: number;
  readonly #receiver: SourceReceiver;
  readonly #taken = new Set<Promise<void>>();
  #isOver = false;

  constructor(events: InMemoryEvents, window: number, receiver: SourceReceiver) {
    this.#events = events;
    this.#window = window;
    this.#receiver = receiver;
  }

  /** Takes what there is room for. */
  pump(): void {
    while (!this.#isOver && this.#taken.size < this.#window) {
      const event = this.#events.take();
      if (event === undefined) return;
      const taken = this.#hand(event).finally(() => {
        this.#taken.delete(taken);
        this.pump();
      });
      this.#taken.add(taken);
    }
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.#events.forget(this);
    await Promise.all(this.#taken);
  }

  async #hand(event: SourceEvent): Promise<void> {
    if ((await this.#receiver.receive(event)) === "again") this.#events.giveBack(event);
  }
}

/** The binding of events in memory. */
export class InMemoryBinding implements Binding {
  readonly operations = ["create"];
  readonly source: BindingSource;
  readonly #events: InMemoryEvents;

  constructor(events: InMemoryEvents) {
    this.#events = events;
    this.source = { kind: "events", input: events };
  }

  async invoke({ data, metadata }: BindingRequest): Promise<BindingResponse> {
    this.#events.put(data, metadata);
    return { data: undefined, metadata: {} };
  }

  async close(): Promise<void> {}
}

/** `bindings.in-memory`, with events that a test puts in, or with some of its own. */
export function inMemoryBindingType(events?: InMemoryEvents): ComponentTypeOf<"bindings"> {
  return componentType({
    type: "bindings.in-memory",
    block: "bindings",
    summary: "Events in the memory of this process, for tests.",
    notes:
      "The operation `create` puts an event in, under the `id` of its metadata or a new one. Whoever reads gets it, until it is done.",
    metadata: {},
    open: async () => new InMemoryBinding(events ?? new InMemoryEvents()),
  });
}
