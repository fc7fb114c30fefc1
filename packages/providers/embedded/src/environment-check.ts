import { closeSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Where in its first page an lmdb file says what it is, and what it says: a number and the version
 * of its layout.
 */
const MAGIC_OFFSET = 24;
const MAGIC = 0xbeefc0de;
const LAYOUT_VERSION = 2;

/**
 * More than lmdb writes into its files before it can report an error: the lock file and the first
 * pages.
 */
const PROBE_BYTES = 64 * 1024;

/**
 * Throws a clear error where opening the environment would fail: lmdb 3.5 ends the whole process by
 * SIGSEGV or SIGBUS when its files are damaged, may not be written, or the disk is full while it
 * makes them.
 */
export function checkEnvironment(folder: string): void {
  checkRoom(folder);
  checkFile(join(folder, "lock.mdb"), () => undefined);
  checkFile(join(folder, "data.mdb"), (descriptor) => {
    const head = Buffer.alloc(MAGIC_OFFSET + 8);
    const length = readSync(descriptor, head, 0, head.length, 0);
    // An empty file is what a process leaves that was killed while it made it; lmdb takes it.
    if (length === 0) return;
    if (head.readUInt32LE(MAGIC_OFFSET) !== MAGIC)
      throw new Error("data.mdb is damaged or no lmdb file");
    const version = head.readUInt32LE(MAGIC_OFFSET + 4);
    if (version !== LAYOUT_VERSION)
      throw new Error(
        `data.mdb has layout ${version} of lmdb, and this Troupe reads ${LAYOUT_VERSION}`,
      );
  });
}

function checkRoom(folder: string): void {
  const probe = join(folder, `.probe-${process.pid}`);
  try {
    writeFileSync(probe, Buffer.alloc(PROBE_BYTES), { flush: true });
  } finally {
    rmSync(probe, { force: true });
  }
}

/** Opens the file, if there is one, as lmdb will: to read and to write. */
function checkFile(path: string, check: (descriptor: number) => void): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  try {
    check(descriptor);
  } finally {
    // Closing a second descriptor would drop lmdb's locks of this process, but it has none yet: see
    // `environment.ts`.
    closeSync(descriptor);
  }
}
