/**
 * The keys of etcd that hold a cluster's members: `/troupe/<cluster>/silos/<siloId>` each, and the
 * mark (see `member-table.ts`) beside them, in one range so that one read and one watch see both.
 */
export class MemberKeys {
  /** The range of the mark and of all records. */
  readonly range: { readonly key: Buffer; readonly range_end: Buffer };
  readonly mark: Buffer;
  /** Holds the id of the membership. */
  readonly identity: Buffer;
  readonly #silos: string;

  constructor(cluster: string) {
    const own = `/troupe/${encodeURIComponent(cluster)}`;
    const root = `${own}/silos`;
    this.#silos = `${root}/`;
    this.identity = Buffer.from(`${own}/identity`);
    this.mark = Buffer.from(`${root}.mark`);
    // "0" is the character after "/", so the range ends behind the last record.
    this.range = { key: this.mark, range_end: Buffer.from(`${root}0`) };
  }

  silo(siloId: string): Buffer {
    return Buffer.from(this.#silos + encodeURIComponent(siloId));
  }

  kindOf(key: Buffer): "mark" | "silo" | "foreign" {
    if (key.equals(this.mark)) return "mark";
    return key.toString().startsWith(this.#silos) ? "silo" : "foreign";
  }
}
