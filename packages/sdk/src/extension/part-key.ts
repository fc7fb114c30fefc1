/** Names a durable part, and carries the type of what an actor has of it. */
export interface PartKey<S> {
  readonly name: string;
  /** Only for the type checker. */
  readonly state?: S;
}

/** The key of the part of this name. Two keys of one name are the same key. */
export function partKey<S>(name: string): PartKey<S> {
  return { name };
}
