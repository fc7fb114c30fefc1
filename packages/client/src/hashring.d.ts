/** The part of hashring 3.2 that `Ring` uses. */
declare module "hashring" {
  class HashRing {
    constructor(
      servers: Record<string, { vnodes: number }>,
      algorithm: string,
      options: { "max cache size": number },
    );
    /** The points, sorted by value. */
    readonly ring: readonly { readonly value: number; readonly server: string }[];
    /** The index of the first point at or after the value, going around. */
    find(hashValue: number): number;
    hashValue(key: string): number;
  }
  export default HashRing;
}
