import { type ActorAddress, type Clock, type Scheduled, TroupeError } from "@troupe/core";
import type { Call } from "../executor/call-table.ts";
import { CodeScope } from "../executor/code-scope.ts";

/** What an attempt needs to know besides its step. */
export interface AttemptFacts {
  readonly address: ActorAddress;
  readonly key: string;
  readonly attempt: number;
  readonly fence: number;
}

/** What an attempt came to. */
export type AttemptResult =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "threw"; readonly error: unknown };

/**
 * Runs one attempt of a step, in the step's own name, until it ends, its time is over, or `signal`
 * is aborted. Whatever it does after that is nobody's business. Never rejects.
 */
export async function attemptStep(
  call: Extract<Call, { kind: "run" }>,
  facts: AttemptFacts,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<AttemptResult> {
  const { name, work, timeoutMs } = call;
  const { address, ...step } = facts;
  const own = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const abort = (): void => stop(signal.reason);
  const stop = (reason: unknown): void => {
    own.abort(reason);
    reject(reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  const timer = timeoutMs === undefined ? undefined : timeoutOf(name, timeoutMs, { clock, stop });
  new CodeScope(address, `step ${name}`).enter(() => {
    void begin(() => work({ ...step, signal: own.signal })).then(resolve, reject);
  });
  try {
    return { kind: "value", value: await promise };
  } catch (error) {
    return { kind: "threw", error };
  } finally {
    timer?.cancel();
    signal.removeEventListener("abort", abort);
  }
}

/** What throws at once rejects, too. */
async function begin(work: () => unknown): Promise<unknown> {
  return await work();
}

function timeoutOf(
  name: string,
  timeoutMs: number,
  { clock, stop }: { readonly clock: Clock; readonly stop: (reason: unknown) => void },
): Scheduled {
  return clock.schedule(timeoutMs, () => {
    const message = `an attempt of step ${JSON.stringify(name)} took longer than ${timeoutMs} ms`;
    stop(new TroupeError("TIMEOUT", message));
  });
}
