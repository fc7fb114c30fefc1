import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { messageOf, TroupeError } from "@troupe/core";

/**
 * FORMAT of a folder, version 1:
 *
 * - `troupe.json`: `{"program":"troupe","format":1}`; made first, never changed
 * - `state/`: an lmdb environment, for what is durable
 *   - `troupe-heads`: actor key -> JSON {epoch, version, revision, siloId, retiredUntil?}; its lmdb
 *     version counts its changes
 *   - `troupe-fields`: actor key, field name -> the field's bytes
 *   - `troupe-due`: u16 bucket, time, actor key, name, and the byte ff and the tag unless that is
 *     empty -> nothing
 *   - `troupe-retired`: time, actor key -> nothing; when a retired actor is to be forgotten
 * - `members-<boot>/`: what is known of the members since the machine's last start
 *   - `boot-id`: which start of the machine that was
 *   - `place`: JSON {path, inode} of the folder; older versions wrote none
 *   - `lmdb/`: an lmdb environment
 *     - `troupe-members`: "table" -> JSON (see `member-table.ts`)
 *
 * An actor key is the u16 length of the type's UTF-8, the type, the u16 length of the id's UTF-8,
 * the id. A time is a big-endian double, with its bits turned so that bytes sort as times do. The
 * longest key takes 2 + 8 + 2 + 256 + 2 + 1,024 + 256 + 1 + 64 = 1,615 of the 1,978 bytes that lmdb
 * allows. Names are not ended, because they come last, or before a byte that no UTF-8 has.
 */
const FORMAT = 1;

const MARKER = "troupe.json";

/**
 * What a system may put into an empty folder by itself. Names that begin with a dot count as
 * nothing, too.
 */
const NO_CONTENT: ReadonlySet<string> = new Set(["lost+found"]);

/**
 * Makes sure that the folder is there and that this version of Troupe may use it; makes it if
 * nothing is there.
 *
 * Throws `BAD_CONFIG`, and leaves the folder as it is, if it cannot be made or written, if another
 * program put something into it, or if its format is another one. Several processes may do this at
 * once.
 */
export function prepareFolder(folder: string): void {
  try {
    makeFolder(folder);
    if (readMarker(folder) === undefined) {
      refuseForeignContent(folder);
      writeOnce(folder, MARKER, JSON.stringify({ program: "troupe", format: FORMAT }));
    }
  } catch (error) {
    throw folderError(folder, error);
  }
  checkMarker(folder, readMarker(folder) ?? "");
}

/**
 * The error for a folder that the system does not let us use; an error of ours stays what it is.
 */
export function folderError(folder: string, cause: unknown): TroupeError {
  if (cause instanceof TroupeError) return cause;
  const remedy =
    "give a folder on a local disk with free space, in which this process may create files";
  return new TroupeError(
    "BAD_CONFIG",
    `cannot use the folder ${folder}: ${messageOf(cause)}; ${remedy}`,
    { cause },
  );
}

/**
 * Writes a file that is there whole or not at all, after any crash. If another process was first,
 * its file stays.
 */
export function writeOnce(folder: string, name: string, text: string): void {
  const draft = join(folder, `.${name}-${process.pid}`);
  try {
    writeFileSync(draft, text, { flush: true });
    linkSync(draft, join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(folder);
}

/** Makes the names in a folder survive a loss of power. */
export function syncFolder(folder: string): void {
  // Windows cannot open a folder, and keeps names safe by itself.
  if (process.platform === "win32") return;
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * As `mkdir -p`. Node's own recursion never ends where the system takes no new folders, as in
 * `/proc`.
 */
function makeFolder(folder: string): void {
  const parent = dirname(folder);
  if (parent !== folder && !existsSync(parent)) makeFolder(parent);
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" || !statSync(folder).isDirectory())
      throw error;
  }
}

function readMarker(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, MARKER), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function refuseForeignContent(folder: string): void {
  const found = readdirSync(folder).filter(
    (name) => !name.startsWith(".") && !NO_CONTENT.has(name),
  );
  // Another process may have made the marker since we looked for it, and its data after that.
  if (found.length === 0 || readMarker(folder) !== undefined) return;
  const list =
    found.slice(0, 3).join(", ") + (found.length > 3 ? ` and ${found.length - 3} more` : "");
  throw new TroupeError(
    "BAD_CONFIG",
    `the folder ${folder} holds ${list}, but no ${MARKER}: another program wrote it; choose an empty folder or one of Troupe's`,
  );
}

function checkMarker(folder: string, text: string): void {
  const { program, format } = parseMarker(text);
  if (program !== "troupe" || typeof format !== "number") {
    throw new TroupeError(
      "BAD_CONFIG",
      `the file ${join(folder, MARKER)} is not Troupe's: it holds ${JSON.stringify(text.slice(0, 60))}; choose another folder`,
    );
  }
  if (format === FORMAT) return;
  throw new TroupeError(
    "BAD_CONFIG",
    `the folder ${folder} has format ${format}, and this Troupe knows format ${FORMAT}; ${
      format > FORMAT ? "use the newer Troupe that wrote it" : "use the older Troupe that wrote it"
    }, or choose another folder`,
  );
}

function parseMarker(text: string): { readonly program?: unknown; readonly format?: unknown } {
  try {
    return Object(JSON.parse(text)) as { program?: unknown; format?: unknown };
  } catch {
    return {};
  }
}
