import type {
  Claim,
  ClaimResult,
  Commit,
  CommitResult,
  DueChange,
  DueEntry,
  Retirement,
  StoredFields,
} from "@troupe/core";
import { ACTOR_FORMAT, FIELD_PREFIX, REQUEST, RETIRED_FORMAT } from "./actor-script.ts";
import { dueMember } from "./due-member.ts";
import type { RequestPacker } from "./request-packer.ts";

export interface Settle<T> {
  readonly resolve: (result: T) => void;
  readonly reject: (error: unknown) => void;
}

/** One request of a batch, for the hash or the bucket with the key. */
export type ActorRequest =
  | {
      readonly kind: "commit";
      readonly key: string;
      readonly commit: Commit;
      readonly settle: Settle<CommitResult>;
    }
  | {
      readonly kind: "retire";
      readonly key: string;
      readonly retirement: Retirement;
      readonly settle: Settle<CommitResult>;
    }
  | {
      readonly kind: "claim";
      readonly key: string;
      readonly claim: Claim;
      /** Tells the claims of one store from those of every other. */
      readonly store: string;
      /** Which of the store's claims it is. */
      readonly number: number;
      readonly settle: Settle<ClaimResult>;
    }
  | {
      readonly kind: "read";
      readonly key: string;
      readonly prefix: string;
      readonly settle: Settle<StoredFields | undefined>;
    }
  | {
      readonly kind: "add" | "remove";
      readonly key: string;
      readonly entry: DueEntry;
      readonly settle: Settle<void>;
    };

/** Makes the key of a bucket one more key of the batch, and says which of those it is. */
export type PlaceBucket = (bucket: number) => number;

/** Writes a request as the script reads it (see `ACTOR_SCRIPT`). */
export function packRequest(
  packer: RequestPacker,
  request: ActorRequest,
  placeOf: PlaceBucket,
): void {
  switch (request.kind) {
    case "commit":
      return packCommit(packer, request.commit, placeOf);
    case "retire":
      return packRetirement(packer, request.retirement, placeOf);
    case "claim":
      return packClaim(packer, request);
    case "read":
      packer.array(2);
      packer.number(REQUEST.read);
      packer.text(FIELD_PREFIX + request.prefix);
      return;
    case "add":
    case "remove":
      packer.array(3);
      packer.number(REQUEST[request.kind]);
      packer.text(String(request.entry.dueAt));
      packer.text(dueMember(request.entry));
      return;
  }
}

function packClaim(
  packer: RequestPacker,
  { claim, store, number }: Extract<ActorRequest, { kind: "claim" }>,
): void {
  const { revision, siloId, epochAbove } = claim;
  packer.array(epochAbove === undefined ? 5 : 6);
  packer.number(REQUEST.claim);
  packer.text(String(revision));
  packer.text(siloId);
  packer.text(store);
  packer.text(String(number));
  if (epochAbove !== undefined) packer.text(String(epochAbove));
}

function packCommit(packer: RequestPacker, commit: Commit, placeOf: PlaceBucket): void {
  const { removeRanges, due } = commit;
  if (removeRanges === undefined && due === undefined) return packFields(packer, commit);
  packer.array(5);
  packer.number(REQUEST.change);
  packFields(packer, commit);
  packer.array(2 * (removeRanges?.length ?? 0));
  for (const { from, to } of removeRanges ?? []) {
    packer.text(FIELD_PREFIX + from);
    packer.text(FIELD_PREFIX + to);
  }
  packDue(packer, due, placeOf);
}

function packFields(packer: RequestPacker, { epoch, version, set, remove }: Commit): void {
  packer.array(4 + 2 * set.size + remove.length);
  packer.number(REQUEST.commit);
  packer.text(`${ACTOR_FORMAT} ${epoch} ${version - 1} `);
  packer.text(`${ACTOR_FORMAT} ${epoch} ${version} `);
  packer.number(set.size);
  for (const [name, value] of set) {
    packer.text(FIELD_PREFIX + name);
    packer.bytes(value);
  }
  for (const name of remove) packer.text(FIELD_PREFIX + name);
}

function packRetirement(
  packer: RequestPacker,
  { epoch, version, keepMs, due }: Retirement,
  placeOf: PlaceBucket,
): void {
  packer.array(6);
  packer.number(REQUEST.retire);
  packer.text(`${ACTOR_FORMAT} ${epoch} ${version - 1} `);
  packer.text(`${RETIRED_FORMAT} ${epoch} ${version} `);
  packer.text(String(Math.max(1, Math.ceil(keepMs))));
  packDue(packer, due, placeOf);
}

function packDue(packer: RequestPacker, due: DueChange | undefined, placeOf: PlaceBucket): void {
  const { add, remove } = due ?? { add: [], remove: [] };
  packer.array(3 * add.length);
  for (const entry of add) {
    packer.number(placeOf(entry.bucket));
    packer.text(String(entry.dueAt));
    packer.text(dueMember(entry));
  }
  packer.array(2 * remove.length);
  for (const entry of remove) {
    packer.number(placeOf(entry.bucket));
    packer.text(dueMember(entry));
  }
}
