import type { ReplySink } from "@troupe/client";
import { type Outcome, toPortable } from "@troupe/core";
import type { Activation } from "./activation.ts";
import { OWN_PEER, OWN_PRINCIPAL, ownRequest } from "./own-request.ts";

let turns = 0;

/** Runs a system turn in an activation of this silo, without waking one. */
export function runSystemTurn(
  activation: Activation,
  method: string,
  args: readonly unknown[],
): Promise<Outcome> {
  return new Promise((resolve) => {
    const sink: ReplySink = {
      peerId: OWN_PEER,
      principal: OWN_PRINCIPAL,
      reply: (_, outcome) => resolve(outcome),
    };
    const now = activation.parts.clock.monotonic();
    const request = ownRequest({
      ...activation.address,
      callId: ++turns,
      method,
      args: toPortable(args, { root: "args" }),
      deadline: now + activation.definition.callTimeoutMs,
    });
    if (activation.accept(request, sink, now) === "closing")
      resolve({ kind: "refused", reason: "not-ready", revision: 0 });
  });
}
