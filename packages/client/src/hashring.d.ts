/** The part of hashring 3.2 that `Ring` and its tests use. */
declare module "hashring" {
  class HashRing {
    constructor(
      servers: Record<string, { vnodes: number }>,
      algorithm: string,
      options: { "max cache size": number },
    );
    /** The points, sorted by value. */
    readonly ring: readonly { readonly value: number; readonly server: string }[];
    hashValue(key: string): number;
    /** The server of a key. */
    get(key: string): string;
  }
  export default HashRing;
}
