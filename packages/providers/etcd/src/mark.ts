import { parseObject } from "./member-record.ts";

/** What the mark says besides its revision. */
export interface Mark {
  /** What is added to a revision of this etcd to get the number of a view. */
  readonly base: number;
  /** The etcd in which the mark was made. In a copy of its data it is another's. */
  readonly etcdCluster: string;
}

export function encodeMark(mark: Mark): Buffer {
  return Buffer.from(JSON.stringify(mark));
}

export function parseMark(value: Buffer): Mark | undefined {
  const { base, etcdCluster } = parseObject(value) ?? {};
  if (typeof base !== "number" || !Number.isSafeInteger(base) || typeof etcdCluster !== "string")
    return undefined;
  return { base, etcdCluster };
}
