import { type PartKey, partKey } from "./extension/part-key.ts";

/**
 * What `this.components` of an actor gives. The package `@troupe/components` says what is in it, so
 * that no room before it has to know of components.
 */
// oxlint-disable-next-line no-empty-interface -- another package fills it.
export interface ActorComponents {}

/** The part of an actor that is its components. It stores nothing. */
export const COMPONENTS: PartKey<ActorComponents> = partKey("components");
