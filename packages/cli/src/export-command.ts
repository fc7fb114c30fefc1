import {
  type AdminClient,
  exportActors,
  type ExportEnd,
  type ExportHeader,
  writeLine,
} from "@troupe/admin";
import { randomId, systemClock, systemRandom, TroupeError } from "@troupe/core";
import { once } from "node:events";
import { Progress } from "./progress.ts";
import type { BackupFlags } from "./program.ts";
import { EXIT_OK, printNote } from "./terminal.ts";
import { momentText } from "./text-table.ts";
import { withSilos } from "./with-cluster.ts";

/** `troupe export`: what all actors have stored, as lines of JSON on standard output. */
export function runExport(flags: BackupFlags): Promise<number> {
  return withSilos(flags, ({ admin, settings }) => {
    const header = {
      exportId: randomId(systemRandom),
      cluster: settings.cluster,
      at: momentText(systemClock.now()),
      types: flags.type,
    };
    return writeExport(admin, header, flags.json);
  });
}

/** Writes an export to standard output; how much it was, to standard error. */
export async function writeExport(
  admin: AdminClient,
  header: ExportHeader,
  json: boolean,
): Promise<number> {
  const output = new DataOutput();
  const progress = new Progress();
  let end: ExportEnd = { actors: 0, fields: 0, bytes: 0 };
  let lines = 0;
  try {
    for await (const line of exportActors(admin, header)) {
      await output.write(`${writeLine(line)}\n`);
      if (line.kind === "end") ({ end } = line);
      // The first line is no actor.
      progress.show(() => `${lines} actors exported`);
      lines++;
    }
  } finally {
    progress.end();
    output.close();
  }
  if (json) printNote(JSON.stringify({ exportId: header.exportId, ...end }));
  else printNote(`${end.actors} actors with ${end.bytes} bytes are exported`);
  return EXIT_OK;
}

/** Standard output, written as fast as it is read. */
class DataOutput {
  #failure: Error | undefined;
  readonly #onError = (error: Error): void => {
    this.#failure = error;
  };

  constructor() {
    process.stdout.on("error", this.#onError);
  }

  /** Rejects with `BAD_CONFIG` if nobody reads it any more. */
  async write(text: string): Promise<void> {
    const isFree = process.stdout.write(text);
    if (!isFree && this.#failure === undefined)
      await once(process.stdout, "drain").catch(this.#onError);
    if (this.#failure === undefined) return;
    const message = `standard output cannot be written any more: ${this.#failure.message}`;
    throw new TroupeError("BAD_CONFIG", message, { cause: this.#failure });
  }

  close(): void {
    process.stdout.off("error", this.#onError);
  }
}
