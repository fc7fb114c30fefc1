import { type ActorAddress, TroupeError } from "@troupe/core";
import type { ActorDefinition } from "@troupe/sdk";
import { Activation } from "./activation.ts";
import type { ActivationParts } from "./activation-parts.ts";

/** Activations of one silo: beyond it a silo is better helped by another one. */
const ACTIVATIONS_MAX = 1_000_000;

/** The activations of this silo, at most one an actor. */
export class Catalog {
  readonly #parts: ActivationParts;
  readonly #types = new Map<string, Map<string, Activation>>();
  #size = 0;

  /** `parts` without `onGone`, which is the catalog's own first step. */
  constructor(parts: ActivationParts) {
    this.#parts = {
      ...parts,
      onGone: (activation) => {
        this.#remove(activation);
        parts.onGone(activation);
      },
    };
  }

  get size(): number {
    return this.#size;
  }

  find(address: ActorAddress): Activation | undefined {
    return this.#types.get(address.type)?.get(address.id);
  }

  /** A new activation, which is being loaded. Throws `OVERLOADED` if there are too many. */
  start(address: ActorAddress, definition: ActorDefinition): Activation {
    if (this.#size >= ACTIVATIONS_MAX) {
      throw new TroupeError(
        "OVERLOADED",
        `this silo has ${ACTIVATIONS_MAX} activations; add a silo or lower idleAfter`,
      );
    }
    const activation = new Activation(
      this.#parts,
      { type: address.type, id: address.id },
      definition,
    );
    const ofType = this.#types.get(address.type) ?? new Map<string, Activation>();
    this.#types.set(address.type, ofType);
    ofType.set(address.id, activation);
    this.#size++;
    void activation.load();
    return activation;
  }

  *values(): Iterable<Activation> {
    for (const ofType of this.#types.values()) yield* ofType.values();
  }

  countByType(): Record<string, number> {
    return Object.fromEntries([...this.#types].map(([type, ofType]) => [type, ofType.size]));
  }

  #remove(activation: Activation): void {
    const ofType = this.#types.get(activation.address.type);
    if (ofType?.get(activation.address.id) !== activation) return;
    ofType.delete(activation.address.id);
    this.#size--;
  }
}
