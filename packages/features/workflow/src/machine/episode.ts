/** What an awaited call came to. Values and errors are in portable form, as they are stored. */
export type Settled =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: unknown };

/** What times of the run itself have in place of the number of a command. */
export const OWN_TIMES = { begin: -1, deadline: -2 } as const;

/** An event that nobody has taken, or a request that has no answer yet. */
export interface LeftEvent {
  readonly name: string;
  readonly data: unknown;
  /** Names the request, and is the same when it is asked again. Events have none. */
  readonly ask?: string;
}

/**
 * What becomes of a child when its parent has ended, or does not want its result any more.
 * `abandon` lets it go on.
 */
export type OnParentEnd = "cancel" | "abandon" | "terminate";

/** What became of a request. */
export interface Answered {
  readonly ask: string;
  readonly settled: Settled;
}

/**
 * Something that happened to a run. `of` is the number of the command that it belongs to.
 *
 * Everything that a run learns of the world comes as an input, one at a time. So the inputs and the
 * code together say what the run does.
 */
export type Input =
  /**
   * The first input. `seed` is where the run's random numbers come from. `events` are those that
   * nobody took before the run continued with this input, and `answered` what it had answered.
   */
  | {
      readonly kind: "started";
      readonly input: unknown;
      readonly seed: string;
      readonly events?: readonly LeftEvent[];
      readonly answered?: readonly Answered[];
      /** The code begins at this time. */
      readonly notBefore?: number;
      /** At this time the run is cancelled. */
      readonly deadline?: number;
    }
  /** A step has ended, an actor has answered, or a child has ended. */
  | { readonly kind: "outcome"; readonly of: number; readonly settled: Settled }
  /** An attempt of a step has failed, and the next one, of this number, comes at `retryAt`. */
  | {
      readonly kind: "attempt";
      readonly of: number;
      readonly attempt: number;
      readonly error: string;
      readonly retryAt: number;
    }
  /** The silo was lost on which an attempt of a step was under way. */
  | { readonly kind: "lost"; readonly of: number }
  /**
   * The time of a timer, of a wait for an event, or of the next attempt of a step has come. `of`
   * is negative for the times of the run itself: see `OWN_TIMES`.
   */
  | { readonly kind: "timer"; readonly of: number }
  /** With `ask` it is a request, which wants an answer. */
  | {
      readonly kind: "event";
      readonly name: string;
      readonly data: unknown;
      readonly ask?: string;
    }
  | { readonly kind: "cancel"; readonly reason: string }
  | { readonly kind: "terminate"; readonly reason: string };

/**
 * What the code of a run wants. Commands are numbered from 0 on through the whole run, in the order
 * in which the code gives them; the number is not stored.
 */
export type Command =
  /** Run a step. */
  | { readonly kind: "run"; readonly name: string }
  /** Call an actor and bring its answer. `name` is `Type/id.method`. */
  | { readonly kind: "ask"; readonly name: string }
  /** Call an actor whose answer nobody waits for. */
  | { readonly kind: "send"; readonly name: string }
  /** Start another run and bring its result. `name` is `Type/id`. */
  | { readonly kind: "child"; readonly name: string; readonly onParentEnd: OnParentEnd }
  /** Start another run. `name` is `Type/id`. */
  | { readonly kind: "start"; readonly name: string }
  /** Wait until `dueAt`. Times are in milliseconds since the Unix epoch. */
  | { readonly kind: "timer"; readonly dueAt: number }
  /** Wait for an event, until `dueAt` if it is there. */
  | { readonly kind: "event"; readonly name: string; readonly dueAt?: number }
  /** From now on events or requests of this name go to a handler. */
  | { readonly kind: "on"; readonly name: string }
  /** From now on the code does what the patch changes. */
  | { readonly kind: "patch"; readonly name: string }
  /** A handler has answered a request. */
  | { readonly kind: "answer"; readonly ask: string; readonly settled: Settled }
  /** What command `of` would bring is not wanted any more. */
  | { readonly kind: "withdraw"; readonly of: number }
  | { readonly kind: "status"; readonly value: unknown }
  /** The code has returned. */
  | { readonly kind: "complete"; readonly value: unknown }
  /** The code has thrown. */
  | { readonly kind: "fail"; readonly error: unknown }
  /** The code wants to begin anew with another input. */
  | { readonly kind: "continue"; readonly input: unknown }
  /** The code has let a cancellation through. */
  | { readonly kind: "cancelled"; readonly reason: string };

/** One input, when it was applied, and everything that the code gave in answer to it. */
export interface Episode {
  /** Milliseconds since the Unix epoch. Never less than that of the episode before. */
  readonly at: number;
  readonly input: Input;
  readonly commands: readonly Command[];
}
