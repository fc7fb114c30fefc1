import type { ActorAddress, Logger } from "@troupe/core";
import type { ActorDefinition } from "@troupe/sdk";
import type { ActivationParts } from "./activation-parts.ts";
import type { ActorStorage } from "./actor-storage.ts";
import type { Turn } from "./turn.ts";

/** The activation, as the runner of its turns sees it. */
export interface RunnerOwner {
  readonly address: ActorAddress;
  readonly definition: ActorDefinition;
  readonly storage: ActorStorage;
  readonly parts: ActivationParts;
  readonly log: Logger;
  /** True until the actor is there and `onActivate` has run. */
  readonly isLoading: boolean;
  /** True while it takes no calls any more, but only the turns that the actor makes by itself. */
  readonly isEnding: boolean;
  /** Does what the turn is for; called within its scope. */
  perform(turn: Turn): unknown;
  /** The last turn that was running is over. */
  onQuiet(): void;
  /** A turn has destroyed the actor: this activation takes no more calls. */
  onDestroyed(): void;
  /** A commit failed: memory may not be what is stored. */
  onBroken(): void;
  /** The turn does not end, and others wait for it. */
  giveUp(hung: Turn): void;
}
