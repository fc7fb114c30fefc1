/** Before the keys of every cluster, each of which has its name in the next part. */
const ROOT = "/troupe/";

/** The range of the keys of all clusters. */
export const ALL_CLUSTERS = {
  key: Buffer.from(ROOT),
  // "0" is the character after "/".
  range_end: Buffer.from("/troupe0"),
} as const;

/**
 * The cluster whose silo wrote the key; undefined if it is no key of ours, or the mark, which
 * clients write, too.
 */
export function clusterOf(key: Buffer): string | undefined {
  const [, cluster, rest] = /^\/troupe\/([^/]+)\/(.+)$/.exec(key.toString()) ?? [];
  if (cluster === undefined || rest === "silos.mark") return undefined;
  try {
    return decodeURIComponent(cluster);
  } catch {
    return undefined;
  }
}

/**
 * The keys of etcd that hold a cluster's members: `/troupe/<cluster>/silos/<siloId>` each. Beside
 * them are the mark (see `member-table.ts`) and `/troupe/<cluster>/silos.types/<type>`, the
 * definition in force of each type: in one range, so that one read and one watch see all.
 */
export class MemberKeys {
  /** The range of the mark and of all records. */
  readonly range: { readonly key: Buffer; readonly range_end: Buffer };
  readonly mark: Buffer;
  /** Holds the id of the membership. */
  readonly identity: Buffer;
  readonly #silos: string;
  readonly #types: string;

  constructor(cluster: string) {
    const own = ROOT + encodeURIComponent(cluster);
    const root = `${own}/silos`;
    this.#silos = `${root}/`;
    // Within the range. Earlier versions take it for a record that is none of theirs.
    this.#types = `${root}.types/`;
    this.identity = Buffer.from(`${own}/identity`);
    this.mark = Buffer.from(`${root}.mark`);
    // "0" is the character after "/", so the range ends behind the last record.
    this.range = { key: this.mark, range_end: Buffer.from(`${root}0`) };
  }

  silo(siloId: string): Buffer {
    return Buffer.from(this.#silos + encodeURIComponent(siloId));
  }

  /** Holds which definition of the actor type is in force. */
  type(type: string): Buffer {
    return Buffer.from(this.#types + encodeURIComponent(type));
  }

  /** The actor type of a key of the kind `type`; undefined if it names none. */
  typeOf(key: Buffer): string | undefined {
    try {
      return decodeURIComponent(key.toString().slice(this.#types.length));
    } catch {
      return undefined;
    }
  }

  kindOf(key: Buffer): "mark" | "silo" | "type" | "foreign" {
    if (key.equals(this.mark)) return "mark";
    const text = key.toString();
    if (text.startsWith(this.#silos)) return "silo";
    return text.startsWith(this.#types) ? "type" : "foreign";
  }
}
