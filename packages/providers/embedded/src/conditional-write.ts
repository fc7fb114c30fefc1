import type { Database } from "lmdb";

/**
 * Makes the changes in `change` if the entry still has the version that was read, or is still not
 * there (`undefined`). True if they were made: then all of them were, in one transaction that is on
 * the disk.
 *
 * The check runs in lmdb's own thread, in the transaction, so the lock of the folder is held for as
 * long as the bytes take to write, and never while the event loop is busy.
 */
export function writeIfUnchanged<V>(
  database: Database<V, Buffer>,
  key: Buffer,
  version: number | undefined,
  change: () => void,
): Promise<boolean> {
  return version === undefined
    ? database.ifNoExists(key, change)
    : database.ifVersion(key, version, change);
}
