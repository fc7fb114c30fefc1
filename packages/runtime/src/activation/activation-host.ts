import { currentTurn } from "@troupe/client";
import { type ActorAddress, formatAddress, type Logger, TroupeError } from "@troupe/core";
import type { ActorHost, CallContext, CallOptions, PartKey } from "@troupe/sdk";
import { ActorLog } from "./actor-log.ts";
import type { ActivationParts } from "./activation-parts.ts";
import type { ActorStorage } from "./actor-storage.ts";

/** The activation, as its host sees it. */
export interface HostedActivation {
  /** The actor has ended everything that it did outside of its turns. */
  onFree(): void;
  readonly address: ActorAddress;
  readonly storage: ActorStorage;
  readonly parts: ActivationParts;
}

/** What an actor's own code reaches of its activation. */
export class ActivationHost implements ActorHost {
  /** True once the actor has asked to be deactivated. */
  wantsToEnd = false;
  /** What the actor does outside of its turns. */
  #occupations = 0;
  readonly #activation: HostedActivation;

  constructor(activation: HostedActivation) {
    this.#activation = activation;
  }

  get address(): ActorAddress {
    return this.#activation.address;
  }

  get slots(): ActorHost["slots"] {
    return this.#activation.storage.slots;
  }

  get reminders(): ActorHost["reminders"] {
    return this.#activation.storage.reminders;
  }

  get timers(): ActorHost["timers"] {
    return this.#activation.storage.timers;
  }

  get log(): Logger {
    const { logger } = this.#activation.parts;
    return new ActorLog(logger.child({ actor: formatAddress(this.address) }));
  }

  part<S>(key: PartKey<S>): S {
    return this.#activation.storage.part(key);
  }

  now(): number {
    return this.#activation.parts.clock.now();
  }

  context(): CallContext {
    const turn = currentTurn();
    if (turn !== undefined) return turn.context;
    throw new TroupeError(
      "BAD_CONFIG",
      `${formatAddress(this.address)}: there is no context outside of a turn`,
    );
  }

  reference(type: string, id: string, options: CallOptions | undefined): unknown {
    return this.#activation.parts.reference(type, id, options);
  }

  worker(type: string, options: CallOptions | undefined): unknown {
    return this.#activation.parts.worker(type, options);
  }

  send(type: string, id: string): unknown {
    return this.#activation.parts.sendReference(type, id, (to, method, args) => {
      const turn = currentTurn();
      if (turn === undefined || turn.isReadonly) {
        const what = `${formatAddress(this.address)} sends to ${formatAddress(to)}`;
        const where =
          turn === undefined
            ? "outside of a turn; only a turn can store it"
            : "in a readonly method; drop @readonly()";
        throw new TroupeError("READONLY_WRITE", `${what} ${where}`);
      }
      turn.willWrite();
      this.#activation.storage.send(to, { method, args, headers: turn.traceContext });
    });
  }

  save(): void {
    this.#activation.storage.includeManualSlots();
  }

  get isBusy(): boolean {
    return this.#occupations > 0;
  }

  busy(): () => void {
    let isDone = false;
    this.#occupations++;
    return () => {
      if (isDone) return;
      isDone = true;
      this.#occupations--;
      if (this.#occupations === 0) this.#activation.onFree();
    };
  }

  deactivate(): void {
    this.wantsToEnd = true;
  }

  destroy(): void {
    const turn = currentTurn();
    if (turn === undefined || turn.isReadonly) {
      const where = turn === undefined ? "outside of a turn" : "in a readonly method";
      throw new TroupeError(
        "READONLY_WRITE",
        `${formatAddress(this.address)} is destroyed ${where}; call a method that may write`,
      );
    }
    turn.willWrite();
    this.#activation.storage.destroy();
  }
}
