import type { ReplySink } from "@troupe/client";
import { fromPortable, type MakeReference, type Outcome } from "@troupe/core";
import { OWN_PRINCIPAL } from "./own-request.ts";

/**
 * Where the outcome of a hook goes: to the activation that runs it. It never leaves the silo, so it
 * does not wait until the silo is certain of its lease.
 */
export class HookSink implements ReplySink {
  readonly peerId: string;
  readonly principal = OWN_PRINCIPAL;
  /** Settles when the hook has ended and what it changed is stored. */
  readonly done: Promise<void>;
  readonly #makeReference: MakeReference;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;

  constructor(peerId: string, makeReference: MakeReference) {
    this.peerId = peerId;
    this.#makeReference = makeReference;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  reply(_: number, outcome: Outcome): void {
    if (outcome.kind === "error") this.#reject(fromPortable(outcome.payload, this.#makeReference));
    else this.#resolve();
  }
}
