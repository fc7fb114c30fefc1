import type {
  ActorAddress,
  ClaimResult,
  CommitResult,
  DueChange,
  FieldRange,
  Fields,
  StateStore,
} from "@troupe/core";

type Claimed = Extract<ClaimResult, { kind: "claimed" }>;

/** Two actors of the cases. */
export const ALICE: ActorAddress = { type: "Account", id: "alice" };
export const BOB: ActorAddress = { type: "Account", id: "bob" };

/** A claim that has to be granted. */
export async function claim(
  store: StateStore,
  address: ActorAddress,
  revision: number,
  siloId = "silo",
): Promise<Claimed> {
  const result = await store.claim(address, { revision, siloId });
  if (result.kind !== "claimed")
    throw new Error(`the claim was refused: ${JSON.stringify(result)}`);
  return result;
}

export interface Change {
  readonly epoch: number;
  readonly version: number;
  readonly set: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
  readonly removeRanges?: readonly FieldRange[];
  readonly due?: DueChange;
}

/** A commit of texts. */
export function commit(
  store: StateStore,
  address: ActorAddress,
  change: Change,
): Promise<CommitResult> {
  const encoder = new TextEncoder();
  const { set: values, remove = [], ...rest } = change;
  const set = new Map(Object.entries(values).map(([name, text]) => [name, encoder.encode(text)]));
  return store.commit(address, { ...rest, set, remove });
}

/** Fields that hold texts. */
export function texts(fields: Fields): Record<string, string> {
  const decoder = new TextDecoder();
  return Object.fromEntries([...fields].map(([name, bytes]) => [name, decoder.decode(bytes)]));
}
