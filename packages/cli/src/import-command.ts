import { type AdminClient, checkExport, importActors, type ImportSummary } from "@troupe/admin";
import { systemClock, TroupeError } from "@troupe/core";
import { Progress } from "./progress.ts";
import type { ImportFlags } from "./program.ts";
import { EXIT_OK, printData, printNote } from "./terminal.ts";
import { textLines } from "./text-lines.ts";
import { withSilos } from "./with-cluster.ts";

/** `troupe import`: stores the actors of an export that is read from standard input. */
export async function runImport(flags: ImportFlags): Promise<number> {
  if (process.stdin.isTTY) {
    const message = "an export is read from standard input; write: troupe import < file";
    throw new TroupeError("BAD_CONFIG", message);
  }
  const pieces: AsyncIterable<Uint8Array> = process.stdin;
  if (flags.check) return checkInput(pieces, flags.json);
  return withSilos(flags, ({ admin }) => readExport(admin, pieces, flags));
}

/** Reads an export and stores nothing of it. */
export async function checkInput(
  pieces: AsyncIterable<Uint8Array>,
  json: boolean,
): Promise<number> {
  const found = await checkExport(textLines(pieces));
  if (json) printData(JSON.stringify(found));
  else printNote(`the export is whole: ${found.actors} actors with ${found.bytes} bytes`);
  return EXIT_OK;
}

/** Stores the actors of an export. If it fails, what was done until then is said as well. */
export async function readExport(
  admin: AdminClient,
  pieces: AsyncIterable<Uint8Array>,
  { replace, resume, skipUnknown, type, json }: ImportFlags,
): Promise<number> {
  const progress = new Progress();
  let soFar: ImportSummary | undefined;
  try {
    const summary = await importActors(admin, textLines(pieces), {
      clock: systemClock,
      replace,
      ...(resume ? { resume } : {}),
      skipUnknown,
      types: type,
      onProgress: (done) => {
        soFar = done;
        progress.show(() => summaryText(done));
      },
    });
    progress.end();
    if (json) printData(JSON.stringify(summary));
    else printNote(summaryText(summary));
    return EXIT_OK;
  } catch (error) {
    progress.end();
    if (soFar !== undefined && !json)
      printNote(`${summaryText(soFar)}; the import was not ended, and can be run again`);
    throw error;
  }
}

function summaryText({ imported, replaced, same, done, skipped }: ImportSummary): string {
  const parts = [`${imported} actors imported`];
  if (replaced > 0) parts.push(`${replaced} replaced`);
  if (same > 0) parts.push(`${same} stored already`);
  if (done > 0) parts.push(`${done} imported before`);
  if (skipped > 0) parts.push(`${skipped} left out`);
  return parts.join(", ");
}
