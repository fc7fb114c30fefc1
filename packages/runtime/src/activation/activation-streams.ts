import type { ReplySink } from "@troupe/client";
import type { Outcome, RequestEnvelope, TroupeError } from "@troupe/core";
import type { Activation } from "./activation.ts";
import type { Turn } from "./turn.ts";

/** The streams that are open on a silo, as the activations see them that serve them. */
export interface ActivationStreams {
  /** Why a call cannot open another one; undefined if it can. */
  refusal(request: RequestEnvelope, sink: ReplySink): TroupeError | undefined;
  /** Opens the stream of a turn from what the method gives; for that the turn gives nothing. */
  open(activation: Activation, turn: Turn, given: unknown): unknown;
  /** What came of the turn has left: the stream begins, or is none. */
  opened(turn: Turn, outcome: Outcome): void;
  /** True if the activation serves one. */
  serves(activation: Activation): boolean;
  /**
   * Tells every reader that the activation ends, and wakes what waits in its streams. Gives what
   * lets their methods leave their loops, in turns, when no other turn runs.
   */
  end(activation: Activation): () => Promise<void>;
}
