import { errorToPortable, toPortable, TroupeError } from "@troupe/core";
import type { Input, Settled } from "../machine/episode.ts";

/** What an actor has answered to an ask, as durable sends deliver it. */
export type Answer =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: unknown };

/** The answer as it is recorded. */
export function answerInput(of: number, answer: Answer): Input {
  const settled: Settled =
    answer.kind === "value"
      ? { kind: "value", value: toPortable(answer.value, { root: "answer" }).value }
      : { kind: "error", error: errorToPortable(answer.error).value };
  return { kind: "outcome", of, settled };
}

/** The end of a step that has lost too many silos. */
export function lostForGood(of: number, name: string): Input {
  const message = `step ${JSON.stringify(name)} was under way when three silos were lost; it may be what ended them`;
  const error = errorToPortable(new TroupeError("STEP_LOST", message)).value;
  return { kind: "outcome", of, settled: { kind: "error", error } };
}
