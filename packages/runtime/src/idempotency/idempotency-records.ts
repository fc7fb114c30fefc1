import { isAutomaticKey } from "@troupe/client";
import {
  createValuePacker,
  type FieldChange,
  type Fields,
  type Payload,
  RecordTable,
} from "@troupe/core";
import {
  type DurablePart,
  type PartHost,
  type PartKey,
  partKey,
  type PartState,
} from "@troupe/sdk";

/** What a call with an idempotency key gave. */
interface IdempotencyRecord {
  readonly key: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly revive: boolean;
  readonly size: number;
}

/** A repetition of a call that comes later than this after it is a new call. */
const KEPT_MS = 3_600_000;

/** Records of one actor; the oldest go first. */
const KEPT_MAX = 1_000;

const PREFIX = "i:";

const packer = createValuePacker();

/**
 * The results of calls with an idempotency key: kept with the actor, so that a repetition gets the
 * same answer, and one effect.
 */
export class IdempotencyRecords implements PartState {
  readonly #host: PartHost;
  readonly #table: RecordTable<IdempotencyRecord>;

  constructor(host: PartHost) {
    this.#host = host;
    this.#table = new RecordTable(PREFIX, host);
  }

  load(fields: Fields): void {
    // A store gives fields in any order, and what goes first has to be the oldest: the newest are
    // repeated after a failover (C4).
    this.#table.load(fields, (one, other) => one.at - other.at);
  }

  /** The result that was kept for the key; a new copy each time. */
  find(key: string): Payload | undefined {
    const kept = this.#table.find(key);
    if (kept === undefined) return undefined;
    return { value: packer.unpack(kept.bytes), revive: kept.revive, size: kept.size };
  }

  put(key: string, result: Payload): void {
    const now = this.#host.clock.now();
    const { revive, size } = result;
    // Packed at once: the payload itself goes to the caller, who may change it.
    this.#table.put(key, { key, at: now, bytes: packer.pack(result.value), revive, size });
    for (const { key: old, at } of this.#table.values()) {
      if (this.#table.size <= KEPT_MAX && now - at < KEPT_MS) break;
      this.#table.put(old, undefined);
    }
  }

  collect(): FieldChange[] {
    return this.#table.collect();
  }

  adopt(): void {
    this.#table.adopt();
  }

  rollback(): void {
    this.#table.rollback();
  }
}

export const IDEMPOTENCY: PartKey<IdempotencyRecords> = partKey("idempotency");

export const idempotencyPart: DurablePart<IdempotencyRecords> = {
  key: IDEMPOTENCY,
  prefixes: [PREFIX],
  outlivesActor: true,
  create: (host) => new IdempotencyRecords(host),
  requests: {
    covers: () => true,
    find: (host, key) => {
      const payload = host.part(IDEMPOTENCY).find(key);
      return payload && { kind: "value", payload };
    },
    hasRoomFor: () => true,
    keep: (host, { key, result, hasEffect }) => {
      // A call without effect may as well be served again; unless its caller asked for the same
      // answer.
      if (hasEffect || !isAutomaticKey(key)) host.part(IDEMPOTENCY).put(key, result);
    },
  },
};
