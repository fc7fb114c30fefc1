import { bucketOf } from "@troupe/client";
import {
  type ActorAddress,
  AWAKE_BUCKETS_FROM,
  type DueEntry,
  type Fields,
  formatAddress,
  LISTED_BUCKET,
  TroupeError,
} from "@troupe/core";
import type {
  ActorDefinition,
  DurablePart,
  OperatorTurn,
  PartCatalog,
  PartEntry,
  RequestMemory,
  SystemTurn,
} from "@troupe/sdk";

const PREFIX = /^[a-z]:$/;

/** The durable parts that the actors of a silo may have, found by what names them. */
export class PartRegistry implements PartCatalog {
  readonly all: readonly DurablePart[];
  readonly #byPrefix = new Map<string, DurablePart>();
  readonly #byName = new Map<string, number>();
  readonly #turns = new Map<string, SystemTurn>();
  readonly #operatorTurns = new Map<string, OperatorTurn>();
  readonly #memories: readonly RequestMemory[];
  /** The parts that may look at every load. */
  readonly #looking: readonly DurablePart[];
  readonly #durable = new Map<ActorDefinition, boolean>();

  /** Throws `BAD_CONFIG` if two parts share a name, a prefix or the name of a system turn. */
  constructor(parts: readonly DurablePart[]) {
    this.all = parts;
    this.#looking = parts.filter((part) => part.looksAt !== undefined);
    this.#memories = parts.flatMap(({ requests }) => (requests === undefined ? [] : [requests]));
    for (const [index, part] of parts.entries()) this.#add(part, index);
  }

  /** The place of a part in `all`. */
  indexOf(name: string): number {
    const index = this.#byName.get(name);
    if (index !== undefined) return index;
    const message = `no durable part ${name} is registered; add its extension to the silo`;
    throw new TroupeError("BAD_CONFIG", message);
  }

  turn(name: string): SystemTurn | undefined {
    return this.#turns.get(name);
  }

  /** The system turns that an operator may run. */
  get operatorTurns(): ReadonlyMap<string, OperatorTurn> {
    return this.#operatorTurns;
  }

  /** The part that a stored field belongs to; undefined for one that a later Troupe stored. */
  partOf(field: string): DurablePart | undefined {
    return this.#byPrefix.get(field.slice(0, 2));
  }

  /** True if actors of the type are stored. */
  isDurable(definition: ActorDefinition): boolean {
    const known = this.#durable.get(definition);
    if (known !== undefined) return known;
    const isDurable = this.all.some((part) => part.isNeededBy?.(definition) === true);
    this.#durable.set(definition, isDurable);
    return isDurable;
  }

  /** True if a part has to look at what is stored although nothing of it is there. */
  looksAt(definition: ActorDefinition, fields: Fields): boolean {
    return this.#looking.some((part) => part.looksAt?.(definition, fields) === true);
  }

  /** The memory whose business requests with the key are. */
  memoryFor(key: string): RequestMemory | undefined {
    return this.#memories.find((memory) => memory.covers(key));
  }

  entryOf(address: ActorAddress, field: string, record: unknown): DueEntry | undefined {
    if (record === undefined) return undefined;
    const entry = this.partOf(field)?.entryOf?.(field, record);
    return entry === undefined ? undefined : dueEntry(address, entry);
  }

  #add(part: DurablePart, index: number): void {
    const { name } = part.key;
    if (this.#byName.has(name)) throw clash(name, `there is another part ${name}`);
    this.#byName.set(name, index);
    for (const prefix of part.prefixes) {
      if (!PREFIX.test(prefix)) throw clash(name, `the prefix ${prefix} is no letter and a colon`);
      const other = this.#byPrefix.get(prefix);
      if (other !== undefined) throw clash(name, `${prefix} is the prefix of ${other.key.name}`);
      this.#byPrefix.set(prefix, part);
    }
    for (const [turn, run] of Object.entries(part.turns ?? {})) {
      if (!turn.startsWith("$")) throw clash(name, `the system turn ${turn} does not begin with $`);
      if (this.#turns.has(turn)) throw clash(name, `the system turn ${turn} is there already`);
      this.#turns.set(turn, run);
    }
    for (const [turn, what] of Object.entries(part.operatorTurns ?? {})) {
      if (part.turns?.[turn] === undefined) throw clash(name, `it has no system turn ${turn}`);
      this.#operatorTurns.set(turn, what);
    }
  }
}

/** The entry as the due index has it. */
export function dueEntry(address: ActorAddress, entry: PartEntry): DueEntry {
  const { kind, name, dueAt, tag } = entry;
  return { bucket: bucketFor(kind, address), address, name, dueAt, tag };
}

function bucketFor(kind: PartEntry["kind"], address: ActorAddress): number {
  switch (kind) {
    case "due":
      return bucketOf(formatAddress(address));
    case "awake":
      return AWAKE_BUCKETS_FROM + bucketOf(formatAddress(address));
    case "listed":
      return LISTED_BUCKET;
  }
}

function clash(part: string, why: string): TroupeError {
  return new TroupeError("BAD_CONFIG", `the durable part ${part} cannot be registered: ${why}`);
}
