import { type Clock, formatAddress, sleep, TroupeError } from "@troupe/core";
import type { ImportResult } from "@troupe/sdk";
import type { ActorContents } from "./actor-contents.ts";
import type { AdminClient } from "./admin-client.ts";
import { sumOf } from "./export-actors.ts";
import { amountOf, type ExportEnd, type ExportHeader, readLine } from "./export-format.ts";
import { checkType, hostedTypes } from "./hosted-types.ts";

/** How to import. */
export interface ImportOptions {
  readonly clock: Clock;
  /** Overwrites actors that have stored something else. Default: false. */
  readonly replace?: boolean;
  /**
   * Leaves actors alone into which the same export has been imported before, whatever they have
   * stored since. Default: true, and false with `replace`.
   */
  readonly resume?: boolean;
  /** Leaves out actors of types that no silo hosts. Default: false, and the import ends there. */
  readonly skipUnknown?: boolean;
  /** Only actors of these types. Default: all. */
  readonly types?: readonly string[] | undefined;
  /** Told of what is done, after each actor. */
  readonly onProgress?: (summary: ImportSummary) => void;
}

/** What became of the actors of an export. */
export interface ImportSummary {
  /** Actors that were stored anew. */
  readonly imported: number;
  /** Actors that had stored something else. */
  readonly replaced: number;
  /** Actors that had stored the same already. */
  readonly same: number;
  /** Actors into which this export was imported before. */
  readonly done: number;
  /** Actors that were left out: of a type that no silo hosts, or that was not asked for. */
  readonly skipped: number;
}

const NOTHING: ImportSummary = { imported: 0, replaced: 0, same: 0, done: 0, skipped: 0 };

/** Actors that are stored at the same time. */
const AT_ONCE = 16;

/** How often an actor is tried, and how long after the first failure, which doubles. */
const ATTEMPTS_MAX = 8;
const AGAIN_AFTER_MS = 100;

/**
 * Stores the actors of an export. It holds 16 actors in memory.
 *
 * It ends at the first actor that cannot be imported, with what is wrong about it: `BAD_CONFIG` for
 * an export of another format, one that is cut off, or an actor that has stored something else;
 * `NO_SUCH_ACTOR_TYPE`; `BAD_DEFINITION`. Actors before it are imported by then, and a few behind
 * it. The same import can be run again, and comes to the same end.
 */
export async function importActors(
  admin: AdminClient,
  lines: AsyncIterable<string>,
  options: ImportOptions,
): Promise<ImportSummary> {
  const run = new ImportRun(admin, options);
  try {
    for await (const { header, actor } of actorsOf(lines)) await run.take(actor, header);
  } catch (error) {
    // An actor that could not be stored says more than that there is no end.
    await run.end();
    throw error;
  }
  return run.end();
}

/** Reads an export to its end without importing it. Rejects as an import would. */
export async function checkExport(lines: AsyncIterable<string>): Promise<ExportEnd> {
  let total: ExportEnd = { actors: 0, fields: 0, bytes: 0 };
  for await (const { actor } of actorsOf(lines)) total = sumOf(total, amountOf(actor));
  return total;
}

interface FoundActor {
  readonly header: ExportHeader;
  readonly actor: ActorContents;
}

/** The actors of an export. Throws `BAD_CONFIG` at the end if it is not whole. */
async function* actorsOf(
  lines: AsyncIterable<string>,
): AsyncGenerator<FoundActor, void, undefined> {
  let number = 0;
  let header: ExportHeader | undefined;
  let end: ExportEnd | undefined;
  let total: ExportEnd = { actors: 0, fields: 0, bytes: 0 };
  for await (const text of lines) {
    number++;
    if (end !== undefined) throw wrong(`line ${number} comes after the end of the export`);
    const line = readLine(text, number);
    if (line.kind === "header") ({ header } = line);
    else if (line.kind === "end") ({ end } = line);
    else if (header !== undefined) {
      total = sumOf(total, amountOf(line.actor));
      yield { header, actor: line.actor };
    }
  }
  if (end === undefined)
    throw wrong(`the export is cut off: it has ${total.actors} actors and no end`);
  if (JSON.stringify(end) === JSON.stringify(total)) return;
  throw wrong(
    `the export is damaged: its end says ${JSON.stringify(end)}, and it has ${JSON.stringify(total)}`,
  );
}

function wrong(message: string): TroupeError {
  return new TroupeError("BAD_CONFIG", message);
}

/** One import that is under way. */
class ImportRun {
  readonly #admin: AdminClient;
  readonly #options: ImportOptions;
  readonly #underWay = new Set<Promise<void>>();
  #summary: ImportSummary = NOTHING;
  #failure: unknown;

  constructor(admin: AdminClient, options: ImportOptions) {
    this.#admin = admin;
    this.#options = options;
  }

  /** Begins with an actor. Rejects if one before it failed. */
  async take(actor: ActorContents, { exportId }: ExportHeader): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#isWanted(actor)) return this.#count("skipped");
    const work = this.#import(actor, exportId).catch((error: unknown) => {
      this.#failure ??= error;
    });
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
    if (this.#underWay.size >= AT_ONCE) await Promise.race(this.#underWay);
  }

  /** Waits for what is under way. Rejects with the first failure. */
  async end(): Promise<ImportSummary> {
    await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure;
    return this.#summary;
  }

  #isWanted({ type }: ActorContents): boolean {
    const { types, skipUnknown = false } = this.#options;
    if (types !== undefined && !types.includes(type)) return false;
    if (skipUnknown && !hostedTypes(this.#admin.view).includes(type)) return false;
    checkType(this.#admin.view, type);
    return true;
  }

  async #import(actor: ActorContents, exportId: string): Promise<void> {
    const { replace = false, resume = !replace } = this.#options;
    const result = await this.#tried(actor, { exportId, replace, resume });
    if (result === "exists") {
      const message = `${formatAddress(actor)} has stored something else than the export has; nothing of it was changed. Give --replace to overwrite what is there`;
      throw wrong(message);
    }
    if (result !== "more") this.#count(result);
  }

  /** What may have been done before an answer was lost is not done again. */
  async #tried(
    actor: ActorContents,
    options: { readonly exportId: string; readonly replace: boolean; readonly resume: boolean },
  ): Promise<ImportResult> {
    for (let attempt = 1; ; attempt++) {
      try {
        const resume = options.resume || attempt > 1;
        // oxlint-disable-next-line no-await-in-loop -- it is tried again only if it failed.
        return await this.#admin.importActor(actor, { ...options, resume });
      } catch (error) {
        const mayWork = error instanceof TroupeError && error.retryable;
        if (!mayWork || attempt === ATTEMPTS_MAX) throw error;
        // oxlint-disable-next-line no-await-in-loop -- see above.
        await sleep(this.#options.clock, AGAIN_AFTER_MS * 2 ** (attempt - 1));
      }
    }
  }

  #count(what: keyof ImportSummary): void {
    this.#summary = { ...this.#summary, [what]: this.#summary[what] + 1 };
    this.#options.onProgress?.(this.#summary);
  }
}
