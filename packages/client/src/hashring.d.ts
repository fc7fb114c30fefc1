/** The part of hashring 3.2 that `Ring` uses. */
declare module "hashring" {
  class HashRing {
    constructor(servers: Record<string, { vnodes: number }>, algorithm: string, options: { "max cache size": number });
    /** The points, sorted by value. */
    readonly ring: readonly { readonly value: number; readonly server: string }[];
    get(key: string): string | undefined;
    hashValue(key: string): number;
  }
  export default HashRing;
}
