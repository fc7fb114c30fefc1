/** What a comparison measures of a piece of work. */
export type FigureName =
  /** Calls a second. */
  | "rate"
  /**
   * Microseconds of CPU of a call, of all processes that the contestant and the load generator are.
   * It hardly depends on others.
   */
  | "cpu"
  /** Milliseconds. */
  | "p50"
  | "p99";

/** Of one round, or the medians of several; null is what the work does not have. */
export type Figures = Readonly<Record<FigureName, number | null>>;

/** The same for every contestant: how many actors, and how many calls are under way. */
export interface Load {
  readonly actors: number;
  readonly inFlight: number;
}

/** A kind of work that contestants can be compared by. */
export type Work = {
  readonly name: string;
  readonly what: string;
  /** What is shown of it, a line of the table each. */
  readonly shown: readonly { readonly figure: FigureName; readonly title: string }[];
} & (
  | ({ readonly kind: "calls" } & Load)
  /** Calls that end without I/O. */
  | ({ readonly kind: "local-calls" } & Load)
  | ({ readonly kind: "delays" } & Load)
);

const CPU_TITLE = "  CPU of each, all processes, µs";

export const WORKS = [
  {
    kind: "local-calls",
    name: "call-local",
    what: "calls within one process: one hot counter, 64 in flight, nothing durable",
    shown: [
      { figure: "rate", title: "call in one process, a hot actor, calls/s" },
      { figure: "cpu", title: CPU_TITLE },
    ],
    actors: 1,
    inFlight: 64,
  },
  {
    kind: "calls",
    name: "call-remote",
    what: "calls from another process: 1,000 counters, 256 in flight, nothing durable",
    shown: [
      { figure: "rate", title: "call from process to process, 1,000 actors, calls/s" },
      { figure: "cpu", title: CPU_TITLE },
    ],
    actors: 1_000,
    inFlight: 256,
  },
  {
    kind: "calls",
    name: "turn-hot",
    what: "durable turns from another process: one hot counter, 64 in flight",
    shown: [
      { figure: "rate", title: "durable turn, a hot actor, turns/s" },
      { figure: "cpu", title: CPU_TITLE },
    ],
    actors: 1,
    inFlight: 64,
  },
  {
    kind: "calls",
    name: "turn-spread",
    what: "durable turns from another process: 1,000 counters, 256 in flight",
    shown: [
      { figure: "rate", title: "durable turn, 1,000 actors, turns/s" },
      { figure: "cpu", title: CPU_TITLE },
    ],
    actors: 1_000,
    inFlight: 256,
  },
  {
    kind: "calls",
    name: "turn-latency",
    what: "durable turns from another process: one counter, 1 in flight",
    shown: [{ figure: "p50", title: "durable turn, 1 in flight, p50, ms" }],
    actors: 1,
    inFlight: 1,
  },
  {
    kind: "delays",
    name: "delayed",
    what: "delayed work: set for later, then 1,000 due a second",
    shown: [
      { figure: "rate", title: "delayed work, set a second" },
      { figure: "cpu", title: CPU_TITLE },
      { figure: "p50", title: "delayed work, late p50, ms" },
      { figure: "p99", title: "delayed work, late p99, ms" },
    ],
    actors: 2_000,
    inFlight: 256,
  },
] as const satisfies readonly Work[];

export type WorkName = (typeof WORKS)[number]["name"];
