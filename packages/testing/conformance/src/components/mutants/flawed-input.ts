import type { InputBinding, SourceEvent, SourceReading, SourceReceiver } from "@troupe/core";

/** What an input can do wrong. */
export const INPUT_FLAWS = [
  "acknowledges before the receiver has answered",
  "drops what was not taken",
  "brings what was not taken under another id",
  "takes every event for the same",
  "acknowledges what is under way when it stops",
  "does not wait for what is under way when it stops",
  "goes on after it was stopped",
  "ignores the window",
  "has one event under way at a time",
  "says nothing of a break",
  "says of a break twice",
  "loses what is under way in a break",
  "takes the word of a reading that was broken off",
  "brings only what is put in while it reads",
  "gives every reader every event",
  "reads bytes as ASCII",
] as const;

export type InputFlaw = (typeof INPUT_FLAWS)[number];

/** A source in memory. */
export class FlawedSource {
  readonly waiting: SourceEvent[] = [];
  readonly readings = new Set<FlawedReading>();
  #count = 0;

  async put(text: string, flaw: InputFlaw | undefined): Promise<void> {
    const data = Buffer.from(text, flaw === "reads bytes as ASCII" ? "latin1" : "utf8");
    const id = flaw === "takes every event for the same" ? "same" : this.nextId();
    const event = { id, data, metadata: {} };
    const isForAll = flaw === "gives every reader every event";
    if (isForAll) for (const reading of this.readings) reading.hand(event);
    if (!isForAll || this.readings.size === 0) this.giveBack(event);
  }

  nextId(): string {
    return `${++this.#count}`;
  }

  giveBack(event: SourceEvent): void {
    this.waiting.push(event);
    for (const reading of this.readings) reading.pump();
  }

  async breakOff(): Promise<void> {
    for (const reading of Array.from(this.readings)) reading.breakOff();
  }
}

/** An input with one flaw, or with none. */
export class FlawedInput implements InputBinding {
  readonly #source: FlawedSource;
  readonly #flaw: InputFlaw | undefined;

  constructor(source: FlawedSource, flaw: InputFlaw | undefined) {
    this.#source = source;
    this.#flaw = flaw;
  }

  async read(window: number, receiver: SourceReceiver): Promise<SourceReading> {
    if (this.#flaw === "brings only what is put in while it reads") this.#source.waiting.length = 0;
    const reading = new FlawedReading(this.#source, { window, receiver, flaw: this.#flaw });
    this.#source.readings.add(reading);
    reading.pump();
    return reading;
  }
}

interface Reader {
  readonly window: number;
  readonly receiver: SourceReceiver;
  readonly flaw: InputFlaw | undefined;
}

class FlawedReading implements SourceReading {
  readonly #source: FlawedSource;
  readonly #reader: Reader;
  readonly #open = new Map<SourceEvent, Promise<void>>();
  #state: "reads" | "stopped" | "broken" = "reads";

  constructor(source: FlawedSource, reader: Reader) {
    this.#source = source;
    this.#reader = reader;
  }

  pump(): void {
    while (this.#hasRoom) {
      const event = this.#source.waiting.shift();
      if (event === undefined) return;
      this.hand(event);
    }
  }

  get #hasRoom(): boolean {
    const { window, flaw } = this.#reader;
    if (this.#state !== "reads" && flaw !== "goes on after it was stopped") return false;
    const most = flaw === "has one event under way at a time" ? 1 : window;
    return this.#open.size < most || flaw === "ignores the window";
  }

  hand(event: SourceEvent): void {
    const handed = this.#hand(event).finally(() => {
      this.#open.delete(event);
      this.pump();
    });
    this.#open.set(event, handed);
  }

  async stop(): Promise<void> {
    const { flaw } = this.#reader;
    if (this.#state === "reads") this.#state = "stopped";
    if (flaw !== "goes on after it was stopped") this.#source.readings.delete(this);
    if (flaw === "acknowledges what is under way when it stops") this.#open.clear();
    if (flaw === "does not wait for what is under way when it stops") return;
    await Promise.all(this.#open.values());
  }

  breakOff(): void {
    const { receiver, flaw } = this.#reader;
    this.#source.readings.delete(this);
    const under = [...this.#open.keys()];
    this.#state = "broken";
    if (flaw !== "loses what is under way in a break")
      for (const event of under) this.#source.giveBack(event);
    if (flaw === "says nothing of a break") return;
    receiver.onBroken(new Error("broken off"));
    if (flaw === "says of a break twice") receiver.onBroken(new Error("broken off"));
  }

  async #hand(event: SourceEvent): Promise<void> {
    const { receiver, flaw } = this.#reader;
    const answer = receiver.receive(event);
    if (flaw === "acknowledges before the receiver has answered") return;
    const outcome = await answer;
    if (this.#state === "broken") {
      const takesWord = flaw === "takes the word of a reading that was broken off";
      const at = this.#source.waiting.findIndex(({ id }) => id === event.id);
      if (takesWord && outcome === "done" && at >= 0) this.#source.waiting.splice(at, 1);
      return;
    }
    if (outcome === "done" || flaw === "drops what was not taken") return;
    if (flaw === "acknowledges what is under way when it stops" && this.#state === "stopped")
      return;
    const isNew = flaw === "brings what was not taken under another id";
    const again = isNew ? { ...event, id: this.#source.nextId() } : event;
    this.#source.giveBack(again);
  }
}
