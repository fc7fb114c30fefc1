import { currentTurn } from "@troupe/client";
import { type ActorAddress, formatAddress, type Logger, TroupeError } from "@troupe/core";
import type { ActorHost, CallContext, CallOptions } from "@troupe/sdk";
import type { ActivationParts } from "./activation-parts.ts";
import type { ActorStorage } from "./actor-storage.ts";

/** What an actor's own code reaches of its activation. */
export class ActivationHost implements ActorHost {
  readonly address: ActorAddress;
  /** True once the actor has asked to be deactivated. */
  wantsToEnd = false;
  readonly #storage: ActorStorage;
  readonly #parts: ActivationParts;

  constructor(address: ActorAddress, storage: ActorStorage, parts: ActivationParts) {
    this.address = address;
    this.#storage = storage;
    this.#parts = parts;
  }

  get slots(): ActorHost["slots"] {
    return this.#storage.slots;
  }

  get reminders(): ActorHost["reminders"] {
    return this.#storage.reminders;
  }

  get timers(): ActorHost["timers"] {
    return this.#storage.timers;
  }

  get log(): Logger {
    return this.#parts.logger.child({ actor: formatAddress(this.address) });
  }

  now(): number {
    return this.#parts.clock.now();
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
    return this.#parts.reference(type, id, options);
  }

  send(type: string, id: string): unknown {
    return this.#parts.sendReference(type, id, (to, method, args) => {
      const turn = currentTurn();
      if (turn === undefined || turn.isReadonly) {
        const what = `${formatAddress(this.address)} sends to ${formatAddress(to)}`;
        const where =
          turn === undefined
            ? "outside of a turn; only a turn can store it"
            : "in a readonly method; drop @readonly()";
        throw new TroupeError("READONLY_WRITE", `${what} ${where}`);
      }
      this.#storage.send(to, { method, args, headers: turn.headers });
    });
  }

  save(): void {
    this.#storage.includeManualSlots();
  }

  deactivate(): void {
    this.wantsToEnd = true;
  }
}
