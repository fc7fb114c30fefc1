/** Something that happened outside, as a binding brings it in. */
export interface SourceEvent {
  /**
   * Stays the same when the event comes again, and is that of no other event of the component. 1 to
   * 1,024 characters.
   */
  readonly id: string;
  /** Undefined if the event has none. */
  readonly data: Uint8Array | undefined;
  /** What the source says besides. Names are as Dapr has them. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** `done`: what the event brought about is stored. `again`: it was not taken. */
export type SourceOutcome = "done" | "again";

/** Who takes events in. */
export interface SourceReceiver {
  /** Resolves when it is known what becomes of the event. Never rejects. */
  receive(event: SourceEvent): Promise<SourceOutcome>;
  /** The reading has ended by itself and brings nothing any more. Must not throw. */
  onBroken(error: Error): void;
}

/** A source that is being read. */
export interface SourceReading {
  /**
   * Brings nothing new. Resolves when every event that is with the receiver is known to be `done`
   * or `again`, and the source has been told. Stopping twice is harmless.
   */
  stop(): Promise<void>;
}

/**
 * Brings events in: the port of `bindings.*` for input.
 *
 * - **K6.** An event is acknowledged to its source only after `receive` has resolved with `done`.
 *   Any other comes again under the same id, to this reader or to another one of the component:
 *   after `again`, after a break, and after the loss of this process.
 * - At most `window` events are with the receiver at a time. The source keeps the rest.
 * - An event that the receiver has for long, or that comes again, does not keep the others
 *   from coming, as long as there is room in the window.
 *
 * Events may come in any order, and more than once. Who takes them stores what it has handled, so
 * that a repetition takes effect once. `read` rejects with `COMPONENT_UNAVAILABLE` within seconds
 * when the source is away.
 */
export interface InputBinding {
  /** Begins to read. Several readings share the events. */
  read(window: number, receiver: SourceReceiver): Promise<SourceReading>;
}

/** Moments at which a component brings an event about. They are kept by the cluster. */
export interface SourceSchedule {
  /** Cron expression of five fields, or six with seconds first. */
  readonly cron?: string;
  /** Milliseconds from one event to the next, in place of `cron`. */
  readonly everyMs?: number;
  /** IANA time zone of `cron`. */
  readonly timezone?: string;
}

/** Where the events of a binding come from. */
export type BindingSource =
  | { readonly kind: "events"; readonly input: InputBinding }
  | { readonly kind: "schedule"; readonly schedule: SourceSchedule };
