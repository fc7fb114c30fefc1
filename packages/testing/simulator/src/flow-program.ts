/** Something that the code of a run waits for. */
export type FlowWait =
  /** Its first attempts throw, `fails` of them; from `FAILS_FOR_GOOD` on it fails. */
  | {
      readonly do: "step";
      readonly ms: number;
      readonly fails: number;
      readonly pauseMs: number;
      readonly undo: boolean;
    }
  | { readonly do: "sleep"; readonly ms: number }
  /** Waits for ever if `timeoutMs` is 0. */
  | { readonly do: "event"; readonly name: FlowEvent; readonly timeoutMs: number }
  | { readonly do: "ask" | "refused"; readonly till: string };

/** One thing that the code of a run does. */
export type FlowOp =
  | FlowWait
  | { readonly do: "send"; readonly till: string }
  | { readonly do: "race"; readonly ops: readonly FlowWait[] }
  | { readonly do: "all"; readonly ops: readonly FlowWait[] }
  | { readonly do: "map"; readonly ops: readonly FlowWait[]; readonly lanes: number }
  | { readonly do: "throw" };

/** The events of a run. */
export type FlowEvent = "x" | "y";

/** A step that fails so often has only two attempts. */
export const FAILS_FOR_GOOD = 9;

/** What a run begins with. */
export interface FlowInput {
  readonly ops: readonly FlowOp[];
  /** The program is done so often, each time as a run of its own under the same id. */
  readonly rounds: number;
  readonly round: number;
  /** Catches what ends it, and does one step more before it lets that through. */
  readonly tidies: boolean;
  /** What the rounds before have seen: what they stored of it is gone. */
  readonly before: readonly Sight[];
}

/**
 * Something that the code has come to know, or is about to do. It is a status of the run, so that
 * it is stored with what led to it.
 */
export interface Sight {
  /** The round, and the place in the program: `0.1.2`. */
  readonly at: string;
  readonly kind: string;
  readonly value: string;
  /** `ctx.now()` and `ctx.random()`. */
  readonly now: number;
  readonly chance: number;
  /** When what it says may have come about at the earliest; 0 if time has nothing to do with it. */
  readonly due: number;
}

/** The name of the call of a till, in its ledger. */
export function tokenOf(id: string, at: string): string {
  return `${id}#${at}`;
}

/** How often the program waits for an event until it comes. */
export function waitsForEver(ops: readonly FlowOp[]): number {
  return ops
    .map((op) => {
      if ("ops" in op) return waitsForEver(op.ops);
      return op.do === "event" && op.timeoutMs === 0 ? 1 : 0;
    })
    .reduce<number>((sum, count) => sum + count, 0);
}
